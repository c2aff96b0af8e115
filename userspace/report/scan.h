// SPDX-License-Identifier: Apache-2.0
// The findings of a scan of an image, for people and programs (docs/scan.md). For SARIF and JUnit, finding.h formats
// ScanFindings.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/image/scan_result.h"
#include "userspace/report/finding.h"

namespace syscarve {

// The number of findings, by Severity.
std::array<size_t, 5> CountBySeverity(const ScanResult& result);
// "2 critical, 1 high, 0 medium, 3 low, 12 notes"
std::string ScanCounts(const ScanResult& result);

// An instruction for a Dockerfile that removes the set-id bits that nothing needed; "" if there are none.
std::string RemoveSetIdLine(const ScanResult& result);

std::string ScanText(const ScanResult& result);
std::string ScanJson(const ScanResult& result);
std::string ScanMarkdown(const ScanResult& result);

// For SARIF and JUnit: high and critical severity are errors, medium is a warning, the rest are notes.
std::vector<Finding> ScanFindings(const ScanResult& result);
// All rules except those in `disabled`.
absl::StatusOr<std::vector<FindingRule>> ScanFindingRules(const std::vector<std::string>& disabled);

}  // namespace syscarve
