// SPDX-License-Identifier: Apache-2.0
// The purpose of each system call, and what is given away with it (profiles/rules/risk.json).
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

// kHigh: a way out, into the kernel, or past the filter. kMedium: additional attack surface that a
// reviewer should know of. kLow: what most programs do.
enum class RiskLevel { kLow, kMedium, kHigh };

std::string_view RiskLevelName(RiskLevel level);  // "low", "medium", "high"
std::optional<RiskLevel> RiskLevelFromName(std::string_view name);

// The risk of a call with certain values of an argument. With neither values nor flags: for arguments with none of the
// flags that the call's other entries list.
struct ArgumentRisk {
  unsigned argument = 0;
  std::set<uint64_t> values;  // Values of the lower 32 bits.
  uint64_t flags = 0;         // Any of these flags.
  RiskLevel level = RiskLevel::kLow;
  std::string why;
  std::vector<std::string> references;  // As in Risk.
  bool operator==(const ArgumentRisk&) const = default;
};

struct Risk {
  RiskLevel level = RiskLevel::kLow;
  std::string family;                   // One word: "file", "network" …
  std::string why;                      // One sentence: what a process that may make the call can do.
  std::vector<std::string> references;  // Man pages, files of the kernel, CVEs. Empty for kLow.
  std::vector<ArgumentRisk> arguments;  // The risk of certain arguments.
  bool operator==(const Risk&) const = default;
};

using Risks = std::map<std::string, Risk, std::less<>>;  // By the call's name.

absl::StatusOr<Risks> ParseRisks(std::string_view text);
// The embedded file, as in shipped_data.h.
absl::StatusOr<const Risks*> ShippedRisks();

// The risk of `name`. For a name that is not in `risks`, and for "" (a number without a name), the risk of an unknown
// call: medium, family "unknown".
const Risk& RiskOf(const Risks& risks, std::string_view name);

// The highest risk of the call with arguments that meet all conditions of one element of `when`, with its reason.
Risk RiskUnder(const Risk& call, const std::vector<std::vector<ArgumentCondition>>& when);

}  // namespace syscarve
