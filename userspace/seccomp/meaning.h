// SPDX-License-Identifier: Apache-2.0
// What a profile means: the function from every call and its six arguments to an action, in a form in which two of them
// can be compared exactly (docs/profile-semantics.md). Text is only its spelling.
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

// What is decided for every number of NumbersToProve (model/syscall_table.h) of every ABI that a kernel beside `native`
// may serve. Meanings can be compared when they were made for one `native`.
struct Meaning {
  Abi native = Abi::kX86_64;
  // What the sets of `decisions` are of; shared by copies. Never null in a Meaning that a function of ours returned.
  std::shared_ptr<ArgumentSets> sets;
  std::map<SyscallId, Decision> decisions;
  // Calls whose decision cannot be told, with the reason: of live filters only, never of a profile. They are not in
  // `decisions`.
  std::map<SyscallId, std::string> unclear;
};

// Of the filters of a task, the most recently installed first. kInvalidArgument: none, or one that the kernel would not
// take. kResourceExhausted: too complex.
absl::StatusOr<Meaning> MeaningOf(std::span<const FilterProgram> stack, Abi native);

// Of a profile: what the filter decides that the installed libseccomp makes of it, because that is what is enforced. An
// ABI that the profile does not list is killed. Errors are Compile's (compile.h).
absl::StatusOr<Meaning> MeaningOf(const Profile& profile, Abi native);

// The action that all numbers of `abi` meet, whatever their arguments; nullopt when they do not all meet one.
std::optional<Action> EverythingOf(const Meaning& meaning, Abi abi);

// "336–423, 470 and above": numbers of `abi` in a Meaning, in ascending order. At most a dozen ranges.
std::string NumberRanges(Abi abi, const std::vector<int>& numbers);

// Of the text of a profile: what its rules say, as RuleEvaluator (rule_evaluator.h) reads them. It differs from
// MeaningOf where libseccomp makes a wrong filter of them, and is no promise of what the kernel will do.
// kResourceExhausted: too complex.
absl::StatusOr<Meaning> MeaningOfText(const Profile& profile, Abi native);

// `meaning` with sets of `sets`. The numbers of what is copied into new ArgumentSets depend on the meaning only, and
// not on how it came about. kResourceExhausted: too complex.
absl::StatusOr<Meaning> WithSets(const Meaning& meaning, std::shared_ptr<ArgumentSets> sets);

}  // namespace syscarve
