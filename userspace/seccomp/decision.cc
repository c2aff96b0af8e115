// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/decision.h"

#include <algorithm>

namespace syscarve {

Comparison CompareChanged(Action before, Action after) {
  const std::strong_ordering order = CompareActions(after, before);
  return order > 0 ? Comparison::kLooser : order < 0 ? Comparison::kTighter : Comparison::kOtherRefusal;
}

absl::StatusOr<Comparison> CompareDecisions(ArgumentSets& sets, const Decision& before, const Decision& after) {
  Comparison comparison = Comparison::kSame;
  if (before == after) return comparison;
  for (const auto& [old_action, old_set] : before) {
    for (const auto& [new_action, new_set] : after) {
      if (old_action == new_action || sets.And(old_set, new_set) == ArgumentSets::kNone) continue;
      comparison = std::max(comparison, CompareChanged(old_action, new_action));
    }
  }
  SYSCARVE_RETURN_IF_ERROR(sets.status());
  return comparison;
}

}  // namespace syscarve
