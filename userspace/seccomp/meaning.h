// SPDX-License-Identifier: Apache-2.0
// The meaning of a profile: the function from every call and its six arguments to an action, in a form in which two of
// them can be compared exactly (docs/profile-semantics.md). The text of a profile is only its notation.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Meaning ours, MeaningOf(profile, native));
//   SYSCARVE_ASSIGN_OR_RETURN(const Meaning limit, MeaningOf(filters, native));
//   SYSCARVE_ASSIGN_OR_RETURN(const auto example, FindCounterexample(ours, limit));   // algebra.h
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/symbolic.h"

namespace syscarve {

// The decisions for every number of NumbersToProve (model/syscall_table.h) of every ABI that a kernel beside `native`
// may serve. Meanings can be compared if they were made for the same `native`.
struct Meaning {
  Abi native = Abi::kX86_64;
  // The owner of the sets in `decisions`; shared by copies. Never null in a Meaning that a function returned.
  std::shared_ptr<ArgumentSets> sets;
  std::map<SyscallId, Decision> decisions;
  // Calls whose decision is unclear, with the reason: only from live filters, never from a profile. They are not in
  // `decisions`.
  std::map<SyscallId, std::string> unclear;
};

// Meaning of a task's filter stack, newest filter first. kInvalidArgument if the stack is empty or a filter is invalid.
// kResourceExhausted: too complex.
absl::StatusOr<Meaning> MeaningOf(std::span<const FilterProgram> stack, Abi native);

// Meaning of the filter that the installed libseccomp makes of the profile, because that is what is enforced. Calls of
// an ABI that the profile does not list are killed. Errors are Compile's (compile.h).
absl::StatusOr<Meaning> MeaningOf(const Profile& profile, Abi native);

// The single action for all numbers of `abi`, whatever their arguments; nullopt if there are several.
std::optional<Action> EverythingOf(const Meaning& meaning, Abi abi);

// "336–423, 470 and above": numbers of `abi` in a Meaning, in ascending order. At most a dozen ranges.
std::string NumberRanges(Abi abi, const std::vector<int>& numbers);

// Meaning of the text of a profile: its rules as RuleEvaluator (rule_evaluator.h) reads them. It differs from MeaningOf
// where libseccomp compiles them wrongly, and so does not predict what the kernel does. kResourceExhausted: too
// complex.
absl::StatusOr<Meaning> MeaningOfText(const Profile& profile, Abi native);

// `meaning` with its sets copied into `sets`. The numbers of sets copied into new ArgumentSets depend on the meaning
// only, and not on how it was made. kResourceExhausted: too complex.
absl::StatusOr<Meaning> WithSets(const Meaning& meaning, std::shared_ptr<ArgumentSets> sets);

}  // namespace syscarve
