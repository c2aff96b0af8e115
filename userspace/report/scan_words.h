// SPDX-License-Identifier: Apache-2.0
// Texts that the reports of a scan share.
#pragma once

#include <string>
#include <vector>

#include "userspace/image/scan_result.h"

namespace syscarve {

// "4 layers"
std::string LayerCount(const ScannedImage& image);
// Sentences to follow a finding's message: its layer, and whether the file was executed.
std::string FindingRemarks(const ImageFinding& finding);
// What the scan and the joining could not determine. Texts may contain untrusted bytes.
std::vector<std::string> NotKnown(const ScanResult& result);

}  // namespace syscarve
