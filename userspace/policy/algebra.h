// Profiles compared and combined by meaning, exactly: over every number of every ABI and all 384 bits of the arguments.
#pragma once

#include <optional>

#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/policy/argument_sets.h"
#include "userspace/policy/decision.h"
#include "userspace/policy/meaning.h"

namespace syscarve {

// A call that shows that two meanings differ.
struct Counterexample {
  SyscallId id;
  Arguments arguments;
  Action left;   // What the first meaning answers.
  Action right;  // What the second one answers.
};

// A call that `left` answers less restrictively than `right` does, so that `left` is no subset of `right`; the first
// number of the first ABI there is. nullopt: everything is answered at least as restrictively. Which errno refuses does
// not matter. Calls that either cannot tell are passed over: look at Meaning::unclear.
std::optional<Counterexample> FindCounterexample(const Meaning& left, const Meaning& right, ArgumentSets& sets);

// Whether everything is answered alike, errnos included.
bool Equal(const Meaning& left, const Meaning& right);

}  // namespace syscarve
