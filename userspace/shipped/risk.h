// SPDX-License-Identifier: Apache-2.0
// What each system call is about, and how much is given away with it (profiles/rules/risk.json).
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Risks* const risks, ShippedRisks());
//   RiskOf(*risks, "ptrace").level   // RiskLevel::kHigh
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

// kHigh: a way out, into the kernel, or past the filter. kMedium: a new door that a reviewer should know of. kLow: what
// most programs do.
enum class RiskLevel { kLow, kMedium, kHigh };

std::string_view RiskLevelName(RiskLevel level);  // "low", "medium", "high"
std::optional<RiskLevel> RiskLevelFromName(std::string_view name);

// What a call gives away with certain values of an argument. Neither values nor flags: with none of the flags that
// others name.
struct ArgumentRisk {
  unsigned argument = 0;
  std::set<uint64_t> values;  // Of the lower 32 bits.
  uint64_t flags = 0;         // With any of them.
  RiskLevel level = RiskLevel::kLow;
  std::string why;
  std::vector<std::string> references;  // As Risk has them.
  bool operator==(const ArgumentRisk&) const = default;
};

struct Risk {
  RiskLevel level = RiskLevel::kLow;
  std::string family;                   // One word: "file", "network" …
  std::string why;                      // One sentence: what somebody who may make the call can do.
  std::vector<std::string> references;  // Man pages, files of the kernel, CVEs. Empty for kLow.
  std::vector<ArgumentRisk> arguments;  // What is known of some of them.
  bool operator==(const Risk&) const = default;
};

using Risks = std::map<std::string, Risk, std::less<>>;  // By the call's name.

absl::StatusOr<Risks> ParseRisks(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const Risks*> ShippedRisks();

// Of `name` in `risks`; of a name that is not there, and of "" for a number without one, what can be said of a call of
// which nothing is known: medium, family "unknown".
const Risk& RiskOf(const Risks& risks, std::string_view name);

// Of a call of this risk where all conditions of one of `when` hold: the worst that this can be, with the reason for
// it.
Risk RiskUnder(const Risk& call, const std::vector<std::vector<ArgumentCondition>>& when);

}  // namespace syscarve
