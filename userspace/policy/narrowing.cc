// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/narrowing.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/policy/ceiling.h"
#include "userspace/policy/rule_list.h"

namespace syscarve {
namespace {

// The rules of a call that only closure allows and that every reason narrows; empty if some reason does not.
ArgumentRules ClosureConditions(const AllowedCall& call) {
  ArgumentRules rules;
  if (!call.only_by_closure()) return rules;
  for (const ClosureReason& reason : call.closure) {
    if (reason.conditions.empty()) return {};
    const ArgumentRule rule{reason.conditions, kAllowAction};
    if (std::ranges::find(rules, rule) == rules.end()) rules.push_back(rule);
  }
  return rules;
}

}  // namespace

absl::Status KeepUnderCeiling(const GenerateOptions& options, const ErrnoPolicy& policy, ProfileDraft& draft) {
  SYSCARVE_ASSIGN_OR_RETURN(
      CeilingResult under,
      ApplyCeiling(draft.names(), draft.native_abi, RefuseAll(options, policy, draft.abis), *options.ceiling));
  for (const auto& [name, answer] : under.cut) {
    draft.cut.push_back({std::move(draft.calls.extract(name).mapped()), answer});
  }
  for (auto& [name, rules] : under.narrowed) draft.narrowed.push_back({name, std::move(rules), ""});
  draft.abis = std::move(under.abis);
  std::erase_if(draft.calls, [&](const auto& call) { return !draft.ExistsSomewhere(call.first); });
  draft.warnings = std::move(under.warnings);
  if (options.unlisted == UnlistedMode::kLog) {
    draft.warnings.emplace_back("--unlisted log lets all calls through, also those that the ceiling refuses");
  }
  return absl::OkStatus();
}

std::optional<ArgumentRules> Intersect(const ArgumentRules& left, const ArgumentRules& right) {
  ArgumentRules both;
  for (const ArgumentRule& one : left) {
    for (const ArgumentRule& other : right) {
      if (other.action != kAllowAction) continue;
      ArgumentRule rule = one;
      for (const ArgumentCondition& condition : other.conditions) {
        if (std::ranges::find(rule.conditions, condition) != rule.conditions.end()) continue;
        const auto same_argument = [&](const auto& already) { return already.index == condition.index; };
        if (std::ranges::any_of(rule.conditions, same_argument)) return std::nullopt;
        rule.conditions.push_back(condition);
      }
      if (std::ranges::find(both, rule) == both.end()) both.push_back(std::move(rule));
    }
  }
  return both;
}

void NarrowByClosure(const GenerateOptions& options, ProfileDraft& draft) {
  for (auto& [name, call] : draft.calls) {
    ArgumentRules rules = ClosureConditions(call);
    if (rules.empty()) continue;
    const auto by_ceiling = std::ranges::find(draft.narrowed, name, &NarrowedCall::name);
    if (!options.conditions) {
      draft.left_out.emplace(name, ClosureRuleOf(call));
    } else if (by_ceiling == draft.narrowed.end()) {
      draft.narrowed.push_back({name, std::move(rules), ClosureRuleOf(call)});
    } else if (std::optional<ArgumentRules> both = Intersect(rules, by_ceiling->rules); both.has_value()) {
      *by_ceiling = {name, *std::move(both), ClosureRuleOf(call)};
    } else {
      draft.left_out.emplace(name, ClosureRuleOf(call));
    }
  }
  for (const auto& [name, rule] : draft.left_out) {
    draft.calls.erase(name);
    std::erase_if(draft.narrowed, [&left = name](const NarrowedCall& narrowed) { return narrowed.name == left; });
  }
  std::ranges::sort(draft.narrowed, {}, &NarrowedCall::name);
}

}  // namespace syscarve
