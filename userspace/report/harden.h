// SPDX-License-Identifier: Apache-2.0
// Plans of `harden` for people and programs (docs/harden.md). For SARIF and JUnit, finding.h formats HardenFindings.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/harden/plan.h"
#include "userspace/report/finding.h"

namespace syscarve {

inline constexpr std::string_view kHardeningSchema = "syscarve.hardening/1";

// A plan, and its text for the requested target.
struct PlannedService {
  HardeningPlan plan;
  std::string target;                 // "docker"
  std::string text;                   // In the target's syntax.
  std::vector<std::string> warnings;  // Sentences; may contain untrusted bytes.
};

std::string HardenText(std::span<const PlannedService> services);
std::string HardenMarkdown(std::span<const PlannedService> services);
// `verify` reads this format, too (app/hardening_files.h).
std::string HardenJson(std::span<const PlannedService> services);

// The settings that are not in force, except those of severity note: high and critical are errors, medium is a warning,
// low is a note.
std::vector<Finding> HardenFindings(std::span<const PlannedService> services);
std::vector<FindingRule> HardenFindingRules();

}  // namespace syscarve
