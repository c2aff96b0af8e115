// SPDX-License-Identifier: Apache-2.0
// Exact comparison and combination of meanings, over every number of every ABI and all 384 bits of the arguments. Both
// operands must be made for the same native ABI, which is also the result's. kResourceExhausted: too complex; nothing
// is decided.
//
// The order of actions is CompareActions (model/profile.h).
#pragma once

#include <optional>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {

// A call for which two meanings have different actions.
struct Counterexample {
  SyscallId id;
  bool for_all_arguments = false;  // Both actions apply whatever the arguments are.
  Arguments arguments{};           // An example with these two actions; bits that do not matter are 0.
  Action left;                     // The first meaning's action.
  Action right;                    // The second meaning's action.
};

// A call for which `left` has a less restrictive action than `right`, so that `left` is no subset of `right`; nullopt
// if there is none. Preferred are, in this order, calls with a name, calls that `left` lets through and `right` does
// not, calls of the native ABI, and the lowest number; for one call, the least restrictive action. Calls that are
// unclear in either are skipped: Undecided returns them.
absl::StatusOr<std::optional<Counterexample>> FindCounterexample(const Meaning& left, const Meaning& right);

// The calls for which it is undecided whether the action of `left` is at least as restrictive as that of `right`,
// ascending.
std::vector<SyscallId> Undecided(const Meaning& left, const Meaning& right);

// Whether all actions are the same, including errnos.
absl::StatusOr<bool> Equal(const Meaning& left, const Meaning& right);

// For each call and all arguments the less restrictive of both actions; if they differ in nothing but the errno (or a
// tracer's message), that of `left`. Calls that are unclear in either are unclear in the result.
absl::StatusOr<Meaning> Union(const Meaning& left, const Meaning& right);

// As Union, with the more restrictive action.
absl::StatusOr<Meaning> Intersection(const Meaning& left, const Meaning& right);

// The action of `left` for everything that `left` lets through and `right` does not; `refusal` for everything else.
absl::StatusOr<Meaning> Minus(const Meaning& left, const Meaning& right, Action refusal);

// The arguments with which a call is let through, logged or not. Calls that a supervisor or a tracer decides do not
// count. Does not check sets.status(): the caller must.
ArgumentSets::Set LetThrough(const Decision& decision, ArgumentSets& sets);

// The action of `meaning`. nullopt for calls that are unclear or not part of it.
std::optional<Action> ActionFor(const Meaning& meaning, SyscallId id, const Arguments& arguments);

// The normal form of a meaning is a profile: Decompile (decompile.h) returns equal profiles for equal meanings.

}  // namespace syscarve
