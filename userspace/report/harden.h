// SPDX-License-Identifier: Apache-2.0
// Plans of `harden` in the forms that people and programs read them in (docs/harden.md). SARIF and JUnit are made of
// HardenFindings by finding.h.
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

// A plan, and the same for the target that was asked for.
struct PlannedService {
  HardeningPlan plan;
  std::string target;                 // "docker"
  std::string text;                   // In its words.
  std::vector<std::string> warnings;  // Sentences; may hold an adversary's bytes.
};

std::string HardenText(std::span<const PlannedService> services);
std::string HardenMarkdown(std::span<const PlannedService> services);
// Also what `verify` reads (app/hardening_files.h).
std::string HardenJson(std::span<const PlannedService> services);

// What is not in force and matters: errors are what is high or critical, warnings what is medium, notes the rest.
std::vector<Finding> HardenFindings(std::span<const PlannedService> services);
std::vector<FindingRule> HardenFindingRules();

}  // namespace syscarve
