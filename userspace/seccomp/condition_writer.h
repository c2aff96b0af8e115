// SPDX-License-Identifier: Apache-2.0
// The rules that say for one name what a decision says: decisions as conditions in OCI's terms.
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

// One of a call's answers and when it is given: where all conditions hold.
struct ArgumentRule {
  std::vector<ArgumentCondition> conditions;
  Action action;
  bool operator==(const ArgumentRule&) const = default;
};
using ArgumentRules = std::vector<ArgumentRule>;

// How intervals are written. libseccomp does not make a right filter of each spelling, and on a 32-bit ABI, where only
// the low half of a value counts, "less than 0x100000000" and "at most 0xffffffff" are not the same.
enum class ComparisonStyle { kInclusive, kExclusive, kMasked };

// What conditions are for: a profile that libseccomp has to come back from, only to be read, or a policy in a language
// without masks, where one that was masked takes several.
enum class ConditionUse { kProfile, kReport, kOtherLanguage };

// `decision` as conditions for every action but `otherwise`; where none holds, `otherwise` is meant. No conditions at
// all where the arguments do not matter. nullopt when more than some dozens of rules would be needed. With `low_half`
// the conditions are about the low halves only; nullopt, too, when the decision depends on a high one.
// kResourceExhausted: too complex.
absl::StatusOr<std::optional<ArgumentRules>> ToConditions(ArgumentSets& sets, const Decision& decision,
                                                          Action otherwise, bool low_half, ComparisonStyle spelling,
                                                          ConditionUse use = ConditionUse::kProfile);

// The rules for `name` that, beside those of `context`, come nearest to `wanted` on each ABI, as libseccomp's filter
// shows: exact if any are, else tighter, and looser only if every candidate is. kResourceExhausted: too complex.
struct ChosenRules {
  ArgumentRules rules;
  Comparison comparison = Comparison::kSame;  // Of what they decide with what was wanted; the worst over the ABIs.
};
absl::StatusOr<ChosenRules> ChooseRules(ArgumentSets& sets, const std::string& name,
                                        const std::map<SyscallId, Decision>& wanted, const Profile& context);

// Appends `rules` for `name`, one by one.
void AddArgumentRules(const std::string& name, const ArgumentRules& rules, Profile& profile);

}  // namespace syscarve
