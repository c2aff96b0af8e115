// SPDX-License-Identifier: Apache-2.0
// What each system call is about, and how much is given away with it (profiles/rules/risk.json).
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Risks* const risks, ShippedRisks());
//   RiskOf(*risks, "ptrace").level   // RiskLevel::kHigh
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// kHigh: a way out, into the kernel, or past the filter. kMedium: a new door that a reviewer should know of. kLow: what
// most programs do.
enum class RiskLevel { kLow, kMedium, kHigh };

std::string_view RiskLevelName(RiskLevel level);  // "low", "medium", "high"
std::optional<RiskLevel> RiskLevelFromName(std::string_view name);

struct Risk {
  RiskLevel level = RiskLevel::kLow;
  std::string family;                   // One word: "file", "network" …
  std::string why;                      // One sentence: what somebody who may make the call can do.
  std::vector<std::string> references;  // Man pages, files of the kernel, CVEs. Empty for kLow.
  bool operator==(const Risk&) const = default;
};

using Risks = std::map<std::string, Risk, std::less<>>;  // By the call's name.

absl::StatusOr<Risks> ParseRisks(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const Risks*> ShippedRisks();

// Of `name` in `risks`; of a name that is not there, and of "" for a number without one, what can be said of a call of
// which nothing is known: medium, family "unknown".
const Risk& RiskOf(const Risks& risks, std::string_view name);

}  // namespace syscarve
