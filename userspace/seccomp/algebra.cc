// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/algebra.h"

#include <map>
#include <memory>
#include <utility>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using Set = ArgumentSets::Set;

// Rank for display, less is better: named calls first, then calls that are let through, then the native ABI.
int ShownLast(const Counterexample& example, Abi native) {
  const bool opens = LetsThrough(example.left) && !LetsThrough(example.right);
  return (SyscallName(example.id).has_value() ? 0 : 4) + (opens ? 0 : 2) + (example.id.abi == native ? 0 : 1);
}

std::optional<Counterexample> Exceeds(SyscallId id, const Decision& left, const Decision& right, ArgumentSets& sets) {
  if (left == right) return std::nullopt;
  for (auto answer = left.rbegin(); answer != left.rend(); ++answer) {
    for (const auto& [limit, limit_on] : right) {
      if (CompareActions(answer->first, limit) <= 0) break;
      const Set both = sets.And(answer->second, limit_on);
      if (both != ArgumentSets::kNone) {
        return Counterexample{.id = id,
                              .for_all_arguments = both == ArgumentSets::kAll,
                              .arguments = sets.Example(both),
                              .left = answer->first,
                              .right = limit};
      }
    }
  }
  return std::nullopt;
}

// Combines two meanings by a choice between actions. Most calls of a profile have the same decisions, so the result for
// two decisions is cached.
template <typename Choose>
class Combiner {
 public:
  Combiner(std::shared_ptr<ArgumentSets> sets, const Choose& choose) : sets_(std::move(sets)), choose_(choose) {}

  absl::StatusOr<Meaning> Combine(const Meaning& left, const Meaning& other_right) {
    SYSCARVE_ASSIGN_OR_RETURN(const Meaning right, WithSets(other_right, sets_));
    Meaning result{.native = left.native, .sets = sets_, .unclear = left.unclear};
    result.unclear.insert(right.unclear.begin(), right.unclear.end());
    for (const auto& [id, decision] : left.decisions) {
      const auto other = right.decisions.find(id);
      if (other != right.decisions.end()) result.decisions[id] = Decide(decision, other->second);
    }
    SYSCARVE_RETURN_IF_ERROR(sets_->status());
    return result;
  }

 private:
  const Decision& Decide(const Decision& left, const Decision& right) {
    const auto [known, is_new] = known_.try_emplace({left, right});
    if (!is_new) return known->second;
    for (const auto& [left_action, left_on] : left) {
      for (const auto& [right_action, right_on] : right) {
        const Set both = sets_->And(left_on, right_on);
        if (both == ArgumentSets::kNone) continue;
        Set& on = known->second.try_emplace(choose_(left_action, right_action), ArgumentSets::kNone).first->second;
        on = sets_->Or(on, both);
      }
    }
    return known->second;
  }

  std::shared_ptr<ArgumentSets> sets_;
  const Choose& choose_;
  std::map<std::pair<Decision, Decision>, Decision> known_;
};

}  // namespace

absl::StatusOr<std::optional<Counterexample>> FindCounterexample(const Meaning& left, const Meaning& other_right) {
  ArgumentSets& sets = *left.sets;
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning right, WithSets(other_right, left.sets));
  std::optional<Counterexample> best;
  for (const auto& [id, decision] : left.decisions) {
    const auto other = right.decisions.find(id);
    if (other == right.decisions.end()) continue;
    std::optional<Counterexample> found = Exceeds(id, decision, other->second, sets);
    SYSCARVE_RETURN_IF_ERROR(sets.status());
    if (!found.has_value()) continue;
    if (!best.has_value() || ShownLast(*found, left.native) < ShownLast(*best, left.native)) best = found;
    if (ShownLast(*best, left.native) == 0) break;
  }
  return best;
}

std::vector<SyscallId> Undecided(const Meaning& left, const Meaning& right) {
  // Nothing is less restrictive than "allow", and nothing more so than "kill the process".
  const Decision always_allowed = {{{ActionKind::kAllow, 0}, ArgumentSets::kAll}};
  const Decision always_killed = {{{ActionKind::kKillProcess, 0}, ArgumentSets::kAll}};
  const auto always = [](const Meaning& meaning, SyscallId id, const Decision& decision) {
    const auto found = meaning.decisions.find(id);
    return found != meaning.decisions.end() && found->second == decision;
  };
  std::map<SyscallId, std::string> unclear = left.unclear;
  unclear.insert(right.unclear.begin(), right.unclear.end());
  std::vector<SyscallId> undecided;
  for (const auto& [id, why] : unclear) {
    if (!always(right, id, always_allowed) && !always(left, id, always_killed)) undecided.push_back(id);
  }
  return undecided;
}

absl::StatusOr<bool> Equal(const Meaning& left, const Meaning& other_right) {
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning right, WithSets(other_right, left.sets));
  return left.native == right.native && left.decisions == right.decisions && left.unclear == right.unclear;
}

// Where neither is more restrictive, both kinds of killing among them, the kernel's own order of precedence decides.
absl::StatusOr<Meaning> Union(const Meaning& left, const Meaning& right) {
  const auto choose = [](Action a, Action b) { return b.kind > a.kind ? b : a; };
  return Combiner(left.sets, choose).Combine(left, right);
}

absl::StatusOr<Meaning> Intersection(const Meaning& left, const Meaning& right) {
  const auto choose = [](Action a, Action b) { return b.kind < a.kind ? b : a; };
  return Combiner(left.sets, choose).Combine(left, right);
}

absl::StatusOr<Meaning> Minus(const Meaning& left, const Meaning& right, Action refusal) {
  const auto choose = [&](Action a, Action b) { return LetsThrough(a) && !LetsThrough(b) ? a : refusal; };
  return Combiner(left.sets, choose).Combine(left, right);
}

Set LetThrough(const Decision& decision, ArgumentSets& sets) {
  Set through = ArgumentSets::kNone;
  for (const auto& [action, on] : decision) {
    if (LetsThrough(action)) through = sets.Or(through, on);
  }
  return through;
}

std::optional<Action> ActionFor(const Meaning& meaning, SyscallId id, const Arguments& arguments) {
  const auto decision = meaning.decisions.find(id);
  if (decision == meaning.decisions.end()) return std::nullopt;
  for (const auto& [action, on] : decision->second) {
    if (meaning.sets->Contains(on, arguments)) return action;
  }
  return std::nullopt;
}

}  // namespace syscarve
