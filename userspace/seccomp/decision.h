// SPDX-License-Identifier: Apache-2.0
// The action of a filter for one call, as a function of its arguments.
#pragma once

#include <algorithm>
#include <map>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"

namespace syscarve {

// A decision as a partition of the arguments by action. No set is empty, and together they are all arguments. Two
// decisions of one ArgumentSets are the same function if and only if they are equal.
using Decision = std::map<Action, ArgumentSets::Set>;

// The action that the kernel takes: an errno above kMaxErrno becomes kMaxErrno.
inline Action WithCappedErrno(Action action) {
  if (action.kind == ActionKind::kErrno) action.value = std::min(action.value, kMaxErrno);
  return action;
}

// The most restrictive action of the decision.
inline Action Strictest(const Decision& decision) {
  return decision.begin()->first;  // Action's order is the kernel's.
}

// How one decision compares with another, in ascending order of severity. kOtherRefusal: also refused, but with another
// errno or signal. kTighter and kLooser: for some arguments a more or a less restrictive action (CompareActions).
enum class Comparison { kSame, kOtherRefusal, kTighter, kLooser };

// Compares `after` with `before`. REQUIRES: they differ.
Comparison CompareChanged(Action before, Action after);
// The worst over all arguments. kResourceExhausted: too complex.
absl::StatusOr<Comparison> CompareDecisions(ArgumentSets& sets, const Decision& before, const Decision& after);

}  // namespace syscarve
