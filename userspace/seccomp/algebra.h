// Profiles compared and combined by meaning, exactly: over every number of every ABI and all 384 bits of the arguments.
// All operands are made with one ArgumentSets and for one native ABI, and so are the results; ask exhausted() before
// they are believed.
//
// Actions are ordered as the kernel orders them (ActionKind, model/profile.h), from "kill the process" to "allow".
// Errnos, and the messages for a tracer, have no order: which of them refuses is not what makes an answer more
// restrictive.
#pragma once

#include <optional>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {

// A call that shows that two meanings differ.
struct Counterexample {
  SyscallId id;
  ArgumentSets::Set where = ArgumentSets::kNone;  // All arguments of the call with these two answers.
  Arguments arguments{};                          // Some of them; bits that do not matter are 0.
  Action left;                                    // What the first meaning answers.
  Action right;                                   // What the second one answers.
};

// A call that `left` answers less restrictively than `right` does, so that `left` is no subset of `right`. Preferred
// are calls with a name, of these those that are let through where `right` does not, of these the native ABI's, and of
// these the lowest number; of the answers to a call the least restrictive. nullopt: everything is answered at least as
// restrictively. Calls that either cannot tell are passed over: ask Undecided, too.
std::optional<Counterexample> FindCounterexample(const Meaning& left, const Meaning& right, ArgumentSets& sets);

// The calls of which cannot be told whether `left` answers them at least as restrictively as `right`, ascending.
std::vector<SyscallId> Undecided(const Meaning& left, const Meaning& right);

// Whether everything is answered alike, errnos included.
bool Equal(const Meaning& left, const Meaning& right);

// Call by call and argument by argument the less restrictive of both answers; where they differ in nothing but the
// errno (or a tracer's message) the one of `left`. What one of them cannot tell is unclear in the result, too.
Meaning Union(const Meaning& left, const Meaning& right, ArgumentSets& sets);

// As Union, with the more restrictive answer.
Meaning Intersection(const Meaning& left, const Meaning& right, ArgumentSets& sets);

// What `left` lets through and `right` does not, as `left` answers it; everything else gets `refusal`.
Meaning Minus(const Meaning& left, const Meaning& right, Action refusal, ArgumentSets& sets);

// The arguments with which a call is let through, logged or not. What a supervisor or a tracer decides is none of them.
ArgumentSets::Set LetThrough(const Decision& decision, ArgumentSets& sets);

// What `meaning` answers. nullopt for calls that it cannot tell, or does not know.
std::optional<Action> AnswerOf(const Meaning& meaning, SyscallId id, const Arguments& arguments,
                               const ArgumentSets& sets);

// Normal forms are profiles: ProfileFromMeaning (decompile.h) makes the same one of equal meanings.

}  // namespace syscarve
