// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/call_explanation.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/symbolic.h"

namespace syscarve {
namespace {

using Set = ArgumentSets::Set;

Set SetOfKnown(ArgumentSets& sets, std::span<const uint64_t> known) {
  std::vector<ArgumentCondition> conditions;
  for (size_t i = 0; i < known.size(); ++i) {
    conditions.push_back({.index = static_cast<unsigned>(i), .op = CompareOp::kEqual, .value = known[i]});
  }
  return sets.FromConditions(conditions, /*low_half=*/false);
}

RulePlace PlaceOf(const ProfileEntry& entry, const Rule& rule) {
  return {.entry = entry.index, .line = entry.line, .comment = rule.comment};
}

// The place of the rule that makes `answer` the action of a call: the first without conditions, otherwise one whose
// conditions hold.
std::optional<RulePlace> FindRule(const ProfileSource& source, SyscallId id, const Arguments& arguments,
                                  Action answer) {
  std::optional<RulePlace> conditional;
  for (const ProfileEntry& entry : source.entries) {
    for (const Rule& rule : entry.rules) {
      if (rule.action != answer) continue;
      // Evaluated alone, by RuleEvaluator, so that its treatment of names and ABIs applies.
      Profile alone{.default_action = source.profile.default_action, .abis = source.profile.abis};
      alone.rules = {rule};
      const RuleEvaluator decider(alone);
      if (decider.Decide(id, arguments) != answer || rule.action == alone.default_action) continue;
      if (!decider.DependsOnArguments(id)) return PlaceOf(entry, rule);
      if (!conditional.has_value()) conditional = PlaceOf(entry, rule);
    }
  }
  return conditional;
}

absl::StatusOr<CallExplanation> ExplainCall(SyscallId id, std::span<const uint64_t> known,
                                            std::span<const FilterProgram> stack, const ProfileSource* source) {
  ArgumentSets sets;
  SYSCARVE_ASSIGN_OR_RETURN(const Decision decision, DecisionOf(stack, id, sets));
  const Set point = SetOfKnown(sets, known);
  CallExplanation answer{.id = id, .depends_on = {}, .outcomes = {}};
  std::vector<std::pair<Action, Set>> left;
  for (const auto& [action, set] : decision) {
    const Set both = sets.And(set, point);
    if (both != ArgumentSets::kNone) left.emplace_back(action, both);
  }
  SYSCARVE_RETURN_IF_ERROR(sets.status());
  for (unsigned index = static_cast<unsigned>(known.size()); index < Arguments().size(); ++index) {
    if (std::ranges::any_of(left, [&](const auto& part) { return sets.DependsOn(part.second, index); })) {
      answer.depends_on.push_back(index);
    }
  }
  for (const auto& [action, set] : left) {
    answer.outcomes.push_back(
        {.arguments = sets.Example(set), .filter = action, .text = std::nullopt, .rule = std::nullopt});
  }
  if (source == nullptr) return answer;
  answer.is_listed = std::ranges::find(source->profile.abis, id.abi) != source->profile.abis.end();
  const RuleEvaluator decider(source->profile);
  for (ExplainedOutcome& outcome : answer.outcomes) {
    outcome.text = decider.Decide(id, outcome.arguments);
    outcome.rule = FindRule(*source, id, outcome.arguments, *outcome.text);
  }
  return answer;
}

}  // namespace

absl::StatusOr<std::vector<CallExplanation>> ExplainCalls(const std::string& name, std::span<const uint64_t> known,
                                                          std::span<const Abi> abis,
                                                          std::span<const FilterProgram> stack,
                                                          const ProfileSource* source) {
  std::vector<CallExplanation> answers;
  for (const Abi abi : abis) {
    const std::optional<SyscallId> id = FindSyscall(abi, name);
    if (!id.has_value()) continue;
    SYSCARVE_ASSIGN_OR_RETURN(CallExplanation answer, ExplainCall(*id, known, stack, source));
    answers.push_back(std::move(answer));
  }
  return answers;
}

std::optional<uint64_t> ArgumentFromText(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text.starts_with('0')) {
    base = 8;
    text.remove_prefix(1);
  }
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (!negative) return value;
  constexpr uint64_t kLowest = uint64_t{1} << 63;
  return value <= kLowest ? std::optional<uint64_t>(-value) : std::nullopt;
}

}  // namespace syscarve
