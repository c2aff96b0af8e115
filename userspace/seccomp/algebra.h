// SPDX-License-Identifier: Apache-2.0
// Profiles compared and combined by meaning, exactly: over every number of every ABI and all 384 bits of the arguments.
// Both operands are made for one native ABI, and so are the results. kResourceExhausted: too complex, and nothing is
// known.
//
// Actions are ordered as CompareActions (model/profile.h) orders them.
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

// A call that shows that two meanings differ.
struct Counterexample {
  SyscallId id;
  bool for_all_arguments = false;  // These two answers are the call's whatever its arguments are.
  Arguments arguments{};           // Some with these two answers; bits that do not matter are 0.
  Action left;                     // What the first meaning answers.
  Action right;                    // What the second one answers.
};

// A call that `left` answers less restrictively than `right` does, so that `left` is no subset of `right`. Preferred
// are calls with a name, of these those that are let through where `right` does not, of these the native ABI's, and of
// these the lowest number; of the answers to a call the least restrictive. nullopt: everything is answered at least as
// restrictively. Calls that either cannot tell are passed over: ask Undecided, too.
absl::StatusOr<std::optional<Counterexample>> FindCounterexample(const Meaning& left, const Meaning& right);

// The calls of which cannot be told whether `left` answers them at least as restrictively as `right`, ascending.
std::vector<SyscallId> Undecided(const Meaning& left, const Meaning& right);

// Whether everything is answered alike, errnos included.
absl::StatusOr<bool> Equal(const Meaning& left, const Meaning& right);

// Call by call and argument by argument the less restrictive of both answers; where they differ in nothing but the
// errno (or a tracer's message) the one of `left`. What one of them cannot tell is unclear in the result, too.
absl::StatusOr<Meaning> Union(const Meaning& left, const Meaning& right);

// As Union, with the more restrictive answer.
absl::StatusOr<Meaning> Intersection(const Meaning& left, const Meaning& right);

// What `left` lets through and `right` does not, as `left` answers it; everything else gets `refusal`.
absl::StatusOr<Meaning> Minus(const Meaning& left, const Meaning& right, Action refusal);

// The arguments with which a call is let through, logged or not. What a supervisor or a tracer decides is none of them.
// Asks no status(): a part of what its caller does with `sets`.
ArgumentSets::Set LetThrough(const Decision& decision, ArgumentSets& sets);

// What `meaning` answers. nullopt for calls that it cannot tell, or does not know.
std::optional<Action> AnswerOf(const Meaning& meaning, SyscallId id, const Arguments& arguments);

// Normal forms are profiles: Decompile (decompile.h) makes the same one of equal meanings.

}  // namespace syscarve
