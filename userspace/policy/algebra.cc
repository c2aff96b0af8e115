#include "userspace/policy/algebra.h"

namespace syscarve {

std::optional<Counterexample> FindCounterexample(const Meaning& left, const Meaning& right, ArgumentSets& sets) {
  for (const auto& [id, decision] : left.decisions) {
    const auto other = right.decisions.find(id);
    if (other == right.decisions.end()) continue;
    for (const auto& [action, on] : decision) {
      for (const auto& [limit, limit_on] : other->second) {
        if (action.kind <= limit.kind) continue;
        const ArgumentSets::Set both = sets.And(on, limit_on);
        if (sets.exhausted()) return std::nullopt;
        if (both != ArgumentSets::kNone) return Counterexample{id, sets.Example(both), action, limit};
      }
    }
  }
  return std::nullopt;
}

bool Equal(const Meaning& left, const Meaning& right) {
  return left.native == right.native && left.decisions == right.decisions && left.unclear == right.unclear;
}

}  // namespace syscarve
