// SPDX-License-Identifier: Apache-2.0
// What a scan of an image found, in the forms that people and programs read it in (docs/scan.md). SARIF and JUnit are
// made of ScanFindings by finding.h.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/image/scan_result.h"
#include "userspace/report/finding.h"

namespace syscarve {

// By Severity.
std::array<size_t, 5> CountBySeverity(const ScanResult& result);
// "2 critical, 1 high, 0 medium, 3 low, 12 notes"
std::string ScanCounts(const ScanResult& result);

// What can be put into a Dockerfile to take the set-id bits away that nothing needed; "" for nothing.
std::string RemoveSetIdLine(const ScanResult& result);

std::string ScanText(const ScanResult& result);
std::string ScanJson(const ScanResult& result);
std::string ScanMarkdown(const ScanResult& result);

// For SARIF and JUnit: errors are what is high or critical, warnings what is medium, notes the rest.
std::vector<Finding> ScanFindings(const ScanResult& result);
// All rules but those that are left out.
absl::StatusOr<std::vector<FindingRule>> ScanFindingRules(const std::vector<std::string>& disabled);

}  // namespace syscarve
