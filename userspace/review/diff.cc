// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/diff.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "absl/functional/function_ref.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {
namespace {

// An order by what distinguishes two changes for a reader, which excludes examples.
struct ByWords {
  bool operator()(const std::vector<ActionChange>& a, const std::vector<ActionChange>& b) const {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        [](const ActionChange& left, const ActionChange& right) {
                                          // Without conditions, changes are equal only if their examples are.
                                          const auto key = [](const ActionChange& answer) {
                                            return std::tuple(answer.before, answer.after, answer.when,
                                                              answer.when.empty() ? answer.example : Arguments{});
                                          };
                                          return key(left) < key(right);
                                        });
  }
};

class Differ {
 public:
  // REQUIRES: `after` shares the sets of `before`.
  Differ(const Meaning& before, const Meaning& after) : before_(before), after_(after), sets_(*before.sets) {}

  absl::StatusOr<Diff> Run() {
    for (const Meaning* meaning : {&before_, &after_}) {
      for (const auto& [id, why] : meaning->unclear) unclear_.emplace(id, why);
    }
    for (const auto& [id, why] : unclear_) result_.unclear.push_back({id, why});
    for (const Abi abi : AbisServedBeside(before_.native)) SYSCARVE_RETURN_IF_ERROR(AddAbi(abi));
    AddNamed();
    SYSCARVE_RETURN_IF_ERROR(sets_.status());
    return std::move(result_);
  }

 private:
  using Changes = std::map<std::vector<ActionChange>, CallChange, ByWords>;

  absl::Status AddAbi(Abi abi) {
    std::map<SyscallId, std::vector<ActionChange>> changed;
    for (auto it = before_.decisions.lower_bound({abi, 0}); it != before_.decisions.end() && it->first.abi == abi;
         ++it) {
      const auto now = after_.decisions.find(it->first);
      if (now == after_.decisions.end() || now->second == it->second) continue;
      SYSCARVE_ASSIGN_OR_RETURN(changed[it->first], Compare(abi, it->second, now->second));
    }
    if (changed.empty()) return absl::OkStatus();
    AbiChange whole{
        .abi = abi, .before = EverythingOf(before_, abi), .after = EverythingOf(after_, abi), .changes = {}};
    if (whole.before.has_value() || whole.after.has_value()) {
      whole.changes = Together(changed);
      std::stable_partition(whole.changes.begin(), whole.changes.end(), [](const CallChange& c) { return c.Opens(); });
      result_.abis.push_back(std::move(whole));
      return absl::OkStatus();
    }
    const auto beyond = changed.find({abi, kBeyondAllTables});
    std::map<SyscallId, std::vector<ActionChange>> like_unnamed;
    for (auto& [id, answers] : changed) {
      const bool as_beyond =
          beyond != changed.end() && !ByWords()(answers, beyond->second) && !ByWords()(beyond->second, answers);
      const std::optional<std::string> name = SyscallName(id);
      if (!name.has_value() || as_beyond) {
        like_unnamed.emplace(id, answers);
      } else {
        named_[*name].emplace_back(abi, answers);
      }
    }
    for (CallChange& change : Together(like_unnamed)) AddUnnamed(std::move(change));
    return absl::OkStatus();
  }

  // The changes in `changed`, all of one ABI, with equal ones joined.
  static std::vector<CallChange> Together(const std::map<SyscallId, std::vector<ActionChange>>& changed) {
    Changes changes;
    for (const auto& [id, answers] : changed) {
      CallChange& change = changes[answers];
      change.abis = {id.abi};
      change.answers = answers;
      if (const std::optional<std::string> name = SyscallName(id)) {
        change.names.push_back(*name);
      } else {
        change.numbers.push_back(id.nr);
      }
      change.future = change.future || id.nr == kBeyondAllTables;
    }
    std::vector<CallChange> together;
    for (auto& [answers, change] : changes) {
      std::sort(change.names.begin(), change.names.end());
      together.push_back(std::move(change));
    }
    return together;
  }

  // Adds `change`, or joins it with another ABI's if the same numbers and names changed in the same way.
  void AddUnnamed(CallChange change) {
    for (CallChange& other : result_.unnamed) {
      CallChange same = other;
      same.abis = change.abis;
      if (same != change) continue;
      other.abis.push_back(change.abis.front());
      return;
    }
    result_.unnamed.push_back(std::move(change));
  }

  void AddNamed() {
    for (const auto& [name, by_abi] : named_) {
      std::vector<CallChange> changes;
      for (const auto& [abi, answers] : by_abi) {
        const auto same = std::find_if(changes.begin(), changes.end(), [&answers = answers](const CallChange& other) {
          return !ByWords()(answers, other.answers) && !ByWords()(other.answers, answers);
        });
        if (same != changes.end()) {
          same->abis.push_back(abi);
        } else {
          changes.push_back({.names = {name}, .numbers = {}, .abis = {abi}, .answers = answers});
        }
      }
      std::move(changes.begin(), changes.end(), std::back_inserter(result_.calls));
    }
  }

  absl::StatusOr<std::vector<ActionChange>> Compare(Abi abi, const Decision& before, const Decision& after) {
    std::vector<ActionChange> answers;
    for (const auto& [old_action, old_set] : before) {
      for (const auto& [new_action, new_set] : after) {
        if (old_action == new_action) continue;
        const ArgumentSets::Set both = sets_.And(old_set, new_set);
        if (both == ArgumentSets::kNone) continue;
        const Comparison direction = CompareChanged(old_action, new_action);
        result_.looser = result_.looser || direction == Comparison::kLooser;
        result_.tighter = result_.tighter || direction == Comparison::kTighter;
        SYSCARVE_ASSIGN_OR_RETURN(auto when, When(abi, both));
        answers.push_back({.before = old_action,
                           .after = new_action,
                           .direction = direction,
                           .when = std::move(when),
                           .example = sets_.Example(both)});
      }
    }
    return answers;
  }

  // Conditions for the arguments in `on`; empty if too many would be needed.
  absl::StatusOr<std::vector<std::vector<ArgumentCondition>>> When(Abi abi, ArgumentSets::Set on) {
    if (on == ArgumentSets::kAll) return std::vector<std::vector<ArgumentCondition>>(1);
    if (const auto known = spelled_.find({on, ComparesLowHalfOnly(abi)}); known != spelled_.end()) return known->second;
    // Only the partition matters, so any two actions suffice.
    constexpr Action kIn{ActionKind::kAllow, 0};
    constexpr Action kOut{ActionKind::kErrno, 0};
    const Decision decision = {{kOut, sets_.Not(on)}, {kIn, on}};
    const bool low_half = ComparesLowHalfOnly(abi);
    SYSCARVE_ASSIGN_OR_RETURN(
        std::optional<ArgumentRules> rules,
        ToConditions(sets_, decision, kOut, low_half, ComparisonStyle::kInclusive, ConditionUse::kReport));
    if (!rules.has_value() && low_half) {
      SYSCARVE_ASSIGN_OR_RETURN(
          rules, ToConditions(sets_, decision, kOut, false, ComparisonStyle::kInclusive, ConditionUse::kReport));
    }
    std::vector<std::vector<ArgumentCondition>> when;
    for (ArgumentRule& rule : rules.value_or(ArgumentRules{})) when.push_back(std::move(rule.conditions));
    spelled_[{on, low_half}] = when;
    return when;
  }

  const Meaning& before_;
  const Meaning& after_;
  ArgumentSets& sets_;
  Diff result_;
  std::map<SyscallId, std::string> unclear_;
  std::map<std::string, std::vector<std::pair<Abi, std::vector<ActionChange>>>> named_;
  std::map<std::pair<ArgumentSets::Set, bool>, std::vector<std::vector<ArgumentCondition>>> spelled_;
};

void ForEachLooser(const Diff& diff, absl::FunctionRef<void(const CallChange&)> visit) {
  const auto look = [&](const std::vector<CallChange>& changes) {
    for (const CallChange& change : changes) {
      if (change.Has(Comparison::kLooser)) visit(change);
    }
  };
  for (const AbiChange& abi : diff.abis) look(abi.changes);
  look(diff.unnamed);
  look(diff.calls);
}

}  // namespace

bool CallChange::Has(Comparison direction) const {
  return std::any_of(answers.begin(), answers.end(),
                     [&](const ActionChange& answer) { return answer.direction == direction; });
}

bool CallChange::Opens() const {
  return std::any_of(answers.begin(), answers.end(), [](const ActionChange& answer) {
    return answer.direction == Comparison::kLooser && answer.after.kind > ActionKind::kErrno;
  });
}

std::string_view VerdictOf(const Diff& diff) {
  if (diff.looser) return diff.tighter ? "mixed" : "looser";
  return diff.tighter ? "tighter" : "same";
}

absl::StatusOr<Diff> DiffMeanings(const Meaning& before, const Meaning& after) {
  if (before.native != after.native) {
    return absl::InvalidArgumentError(Concat("profiles for different architectures cannot be compared: ",
                                             AbiName(before.native), " and ", AbiName(after.native)));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning after_here, WithSets(after, before.sets));
  return Differ(before, after_here).Run();
}

std::vector<std::string> LooserNames(const Diff& diff) {
  std::set<std::string> names;
  ForEachLooser(diff, [&](const CallChange& change) { names.insert(change.names.begin(), change.names.end()); });
  return {names.begin(), names.end()};
}

namespace {

// The arguments for which the call is newly let through.
std::vector<std::vector<ArgumentCondition>> OpenedWhen(const CallChange& change) {
  std::vector<std::vector<ArgumentCondition>> when;
  for (const ActionChange& answer : change.answers) {
    if (answer.direction != Comparison::kLooser) continue;
    // Too many conditions.
    if (answer.when.empty()) return {{}};
    when.insert(when.end(), answer.when.begin(), answer.when.end());
  }
  return when;
}

}  // namespace

Risk RiskBehind(const CallChange& change, const Risks& risks) {
  const Risk& risk = RiskOf(risks, change.names.empty() ? "" : change.names.front());
  return change.Opens() ? RiskUnder(risk, OpenedWhen(change)) : risk;
}

RiskLevel RiskOfChange(const CallChange& change, const Risks& risks) {
  if (!change.Opens()) return RiskLevel::kLow;
  const std::vector<std::vector<ArgumentCondition>> when = OpenedWhen(change);
  RiskLevel highest = change.numbers.empty() ? RiskLevel::kLow : RiskOf(risks, "").level;
  for (const std::string& name : change.names) highest = std::max(highest, RiskUnder(RiskOf(risks, name), when).level);
  return highest;
}

std::optional<RiskLevel> LooserRisk(const Diff& diff, const Risks& risks) {
  std::optional<RiskLevel> highest;
  ForEachLooser(
      diff, [&](const CallChange& change) { highest = std::max(highest, std::optional(RiskOfChange(change, risks))); });
  return highest;
}

}  // namespace syscarve
