// SPDX-License-Identifier: Apache-2.0
// Words that the forms of a scan's report share.
#pragma once

#include <string>
#include <vector>

#include "userspace/image/scan_result.h"

namespace syscarve {

// "4 layers"
std::string LayerCount(const ScannedImage& image);
// What is known beside a finding's message: sentences about its layer, and whether it was executed.
std::string FindingRemarks(const ImageFinding& finding);
// What the scan and the joining do not know. Texts may hold an adversary's bytes.
std::vector<std::string> NotKnown(const ScanResult& result);

}  // namespace syscarve
