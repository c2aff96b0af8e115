// SPDX-License-Identifier: Apache-2.0
// Writes the decision for one name as rules: conditions in OCI's terms.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/decision.h"

namespace syscarve {

// One action of a call, and the conditions under which it applies, which must all hold.
struct ArgumentRule {
  std::vector<ArgumentCondition> conditions;
  Action action;
  bool operator==(const ArgumentRule&) const = default;
};
using ArgumentRules = std::vector<ArgumentRule>;

// How intervals are written. libseccomp does not compile every form correctly, and on a 32-bit ABI, where only the low
// half of a value counts, "less than 0x100000000" and "at most 0xffffffff" are not the same.
enum class ComparisonStyle { kInclusive, kExclusive, kMasked };

// The use of conditions: a profile that libseccomp must be able to compile, a report, or a policy in a language without
// masks, in which one masked condition takes several.
enum class ConditionUse { kProfile, kReport, kOtherLanguage };

// `decision` as conditions for every action except `otherwise`, which applies where none of them hold. No conditions if
// the arguments do not matter. nullopt if more than some dozens of rules would be needed, or if `low_half` is set and
// the decision depends on a high half. With `low_half` the conditions are about the low halves only.
// kResourceExhausted: too complex.
absl::StatusOr<std::optional<ArgumentRules>> ToConditions(ArgumentSets& sets, const Decision& decision,
                                                          Action otherwise, bool low_half, ComparisonStyle spelling,
                                                          ConditionUse use = ConditionUse::kProfile);

// The rules for `name` that, added to those of `context`, come nearest to `wanted` on each ABI, measured by
// libseccomp's filter: exact if any are, else tighter, and looser only if every candidate is. kResourceExhausted: too
// complex.
struct ChosenRules {
  ArgumentRules rules;
  Comparison comparison = Comparison::kSame;  // Of their decision with the wanted one; the worst over the ABIs.
};
absl::StatusOr<ChosenRules> ChooseRules(ArgumentSets& sets, const std::string& name,
                                        const std::map<SyscallId, Decision>& wanted, const Profile& context);

// Appends `rules` for `name`, one by one.
void AddArgumentRules(const std::string& name, const ArgumentRules& rules, Profile& profile);

}  // namespace syscarve
