// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/meaning.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/condition_writer.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/verify.h"

namespace syscarve {
namespace {

void DecideAbi(const RuleEvaluator& decider, Abi abi, Meaning& meaning) {
  ArgumentSets& sets = *meaning.sets;
  const auto decide = [&](const RuleEvaluator::Entry& entry) {
    std::map<Action, ArgumentSets::Set> matching;
    for (const RuleEvaluator::Alternative& alternative : entry.alternatives) {
      const ArgumentSets::Set on = sets.FromConditions(alternative.conditions, ComparesLowHalfOnly(abi));
      ArgumentSets::Set& all =
          matching.try_emplace(WithCappedErrno(alternative.action), ArgumentSets::kNone).first->second;
      all = sets.Or(all, on);
    }
    // In order, the most restrictive action first: arguments that match one are removed from those after it.
    Decision decision;
    ArgumentSets::Set rest = ArgumentSets::kAll;
    const auto answer = [&](Action action, ArgumentSets::Set on) {
      const ArgumentSets::Set taken = sets.And(rest, on);
      if (taken == ArgumentSets::kNone) return;
      ArgumentSets::Set& all = decision.try_emplace(action, ArgumentSets::kNone).first->second;
      all = sets.Or(all, taken);
      rest = sets.And(rest, sets.Not(taken));
    };
    for (const auto& [action, on] : matching) answer(action, on);
    answer(WithCappedErrno(decider.default_action()), rest);
    return decision;
  };
  for (const int nr : NumbersToProve(abi)) {
    const SyscallId id{abi, nr};
    const RuleEvaluator::Entry* const entry = decider.Find(id);
    Decision& decision = meaning.decisions[id];
    if (!decider.Serves(abi)) {
      decision = {{{ActionKind::kKillThread, 0}, ArgumentSets::kAll}};
    } else if (entry == nullptr) {
      decision = {{WithCappedErrno(decider.default_action()), ArgumentSets::kAll}};
    } else if (entry->unconditional.has_value()) {
      decision = {{WithCappedErrno(*entry->unconditional), ArgumentSets::kAll}};
    } else {
      decision = decide(*entry);
    }
  }
}

absl::Status DecideAbi(std::span<const FilterProgram> stack, Abi abi, Meaning& meaning) {
  std::optional<DecidedNumbers> known;
  for (const int nr : NumbersToProve(abi)) {
    const SyscallId id{abi, nr};
    if (!known.has_value() || nr > known->last) {
      absl::StatusOr<DecidedNumbers> decided = DecideNumbers(stack, id, *meaning.sets);
      if (absl::IsUnimplemented(decided.status())) {
        meaning.unclear[id] = WithoutHint(decided.status());
        known.reset();
        continue;
      }
      if (!decided.ok()) return decided.status();
      known = *std::move(decided);
    }
    meaning.decisions[id] = known->decision;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Meaning> MeaningOf(std::span<const FilterProgram> stack, Abi native) {
  if (stack.empty()) return absl::InvalidArgumentError("there is no filter");
  for (const FilterProgram& filter : stack) {
    if (const absl::Status valid = ValidateFilter(filter); !valid.ok()) {
      return Annotate(valid, "the kernel would not take this filter");
    }
  }
  Meaning meaning{.native = native, .sets = std::make_shared<ArgumentSets>()};
  for (const Abi abi : AbisServedBeside(native)) SYSCARVE_RETURN_IF_ERROR(DecideAbi(stack, abi, meaning));
  return meaning;
}

absl::StatusOr<Meaning> MeaningOf(const Profile& profile, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(profile));
  return MeaningOf({&program, 1}, native);
}

std::optional<Action> EverythingOf(const Meaning& meaning, Abi abi) {
  std::optional<Action> everything;
  for (const auto& [id, why] : meaning.unclear) {
    if (id.abi == abi) return std::nullopt;
  }
  for (const auto& [id, decision] : meaning.decisions) {
    if (id.abi != abi) continue;
    if (decision.size() != 1 || (everything.has_value() && *everything != Strictest(decision))) return std::nullopt;
    everything = Strictest(decision);
  }
  return everything;
}

std::string NumberRanges(Abi abi, const std::vector<int>& numbers) {
  const std::vector<int> proven = NumbersToProve(abi);
  std::vector<std::string> parts;
  for (size_t i = 0; i < numbers.size();) {
    // Far from the tables a few numbers stand for all: a range extends to the next number that was evaluated.
    auto next = std::ranges::find(proven, numbers[i]);
    size_t end = i;
    while (end < numbers.size() && next != proven.end() && numbers[end] == *next) {
      ++end;
      ++next;
    }
    if (numbers[end - 1] == kBeyondAllTables && end - i > 1) {
      parts.push_back(Concat(numbers[i], " and above"));
    } else {
      parts.push_back(end - i == 1 ? Concat(numbers[i]) : Concat(numbers[i], "–", numbers[end - 1]));
    }
    i = end;
  }
  constexpr size_t kMaxParts = 12;
  if (parts.size() > kMaxParts) {
    parts.resize(kMaxParts);
    parts.emplace_back("…");
  }
  return absl::StrJoin(parts, ", ");
}

absl::StatusOr<Meaning> MeaningOfText(const Profile& profile, Abi native) {
  const RuleEvaluator decider(profile);
  Meaning meaning{.native = native, .sets = std::make_shared<ArgumentSets>()};
  for (const Abi abi : AbisServedBeside(native)) DecideAbi(decider, abi, meaning);
  SYSCARVE_RETURN_IF_ERROR(meaning.sets->status());
  return meaning;
}

absl::StatusOr<Meaning> WithSets(const Meaning& meaning, std::shared_ptr<ArgumentSets> sets) {
  if (meaning.sets == sets) return meaning;
  Meaning copy{.native = meaning.native, .sets = std::move(sets), .unclear = meaning.unclear};
  for (const auto& [id, decision] : meaning.decisions) {
    Decision& copied = copy.decisions[id];
    for (const auto& [action, on] : decision) copied[action] = copy.sets->Copy(*meaning.sets, on);
  }
  SYSCARVE_RETURN_IF_ERROR(copy.sets->status());
  return copy;
}

}  // namespace syscarve
