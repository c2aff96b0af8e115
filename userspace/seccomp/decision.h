// SPDX-License-Identifier: Apache-2.0
// What a filter decides for one call, over all its arguments.
#pragma once

#include <algorithm>
#include <map>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"

namespace syscarve {

// A decision as a partition of the arguments: which of them meet which action. No set is empty, and together they are
// all. Two decisions made with one ArgumentSets are the same function exactly when they are equal.
using Decision = std::map<Action, ArgumentSets::Set>;

// As the kernel answers it: an errno beyond kMaxErrno is that one.
inline Action WithCappedErrno(Action action) {
  if (action.kind == ActionKind::kErrno) action.value = std::min(action.value, kMaxErrno);
  return action;
}

// The most restrictive action that some arguments meet.
inline Action Strictest(const Decision& decision) {
  return decision.begin()->first;  // Action's order is the kernel's.
}

// How one decision compares with another, the worst last. kOtherRefusal: refused alike, but with another errno or
// signal. kTighter and kLooser: for some arguments a more or a less restrictive action (CompareActions).
enum class Comparison { kSame, kOtherRefusal, kTighter, kLooser };

// Of `after` with `before`, another action.
Comparison CompareChanged(Action before, Action after);
// The worst over all arguments. kResourceExhausted: too complex.
absl::StatusOr<Comparison> CompareDecisions(ArgumentSets& sets, const Decision& before, const Decision& after);

}  // namespace syscarve
