// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/power.h"

#include <algorithm>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;

PowerClass ReadPowerClass(const JsonReader& value) {
  value.AllowOnly({"id", "what", "risk", "own", "only_if_seen", "no_more_than", "calls"});
  PowerClass power;
  power.id = value.Required("id").Text(kMaxText);
  power.what = value.Required("what").Text(kMaxText);
  if (!power.what.ends_with('.')) value.Fail("expected a sentence");
  power.risk = shipped::ReadRiskLevel(value.Required("risk"));
  if (const JsonReader own = value.Optional("own"); own.exists()) power.own = own.Bool();
  if (const JsonReader only = value.Optional("only_if_seen"); only.exists()) power.only_if_seen = only.Text(kMaxText);
  if (const JsonReader above = value.Optional("no_more_than"); above.exists()) {
    power.no_more_than = shipped::NameList(above);
  }
  power.calls = shipped::NameList(value.Required("calls"));
  return power;
}

// A rule of `steady` about the calls of `power`. `why` continues the class's sentence.
ClosureRule RuleOfPower(std::string_view kind, const PowerClass& power, std::string_view why) {
  ClosureRule rule;
  rule.id = Concat(kind, ":", power.id);
  rule.steady = true;
  rule.incidental = true;
  rule.reason = Concat(power.what.substr(0, power.what.size() - 1), "; ", why);
  rule.source = "profiles/rules/power.json";
  return rule;
}

// The rule that adds the calls of `power` if a call with at least as much power was seen.
ClosureRule HeldRule(const PowerMap& map, const PowerClass& power) {
  ClosureRule rule = RuleOfPower("held", power, "what was seen can do no less.");
  rule.made_by_program = power.risk != RiskLevel::kLow;
  ClosureBeside beside{.when = power.calls, .add = power.calls, .conditions = {}};
  if (!rule.made_by_program) {
    for (const PowerClass& other : map.classes()) {
      if (other.id == power.id || !map.AtLeast(power.id).contains(other.id)) continue;
      beside.when.insert(beside.when.end(), other.calls.begin(), other.calls.end());
    }
  }
  rule.beside.push_back(std::move(beside));
  return rule;
}

}  // namespace

absl::StatusOr<PowerMap> PowerMap::Make(std::vector<PowerClass> classes) {
  PowerMap map;
  for (size_t i = 0; i < classes.size(); ++i) {
    const PowerClass& power = classes[i];
    if (!map.at_least_.try_emplace(power.id, std::set<std::string>{power.id}).second) {
      return absl::InvalidArgumentError(Concat("class ", power.id, " is there twice"));
    }
    if (power.own && power.risk != RiskLevel::kLow) {
      return absl::InvalidArgumentError(Concat("class ", power.id, " reaches nothing but the caller and is not low"));
    }
    for (const std::string& call : power.calls) {
      if (map.by_call_.try_emplace(call, i).second) continue;
      return absl::InvalidArgumentError(Concat("\"", call, "\" is in two classes"));
    }
  }
  for (const PowerClass& power : classes) {
    for (const std::string& above : power.no_more_than) {
      if (map.at_least_.contains(above)) continue;
      return absl::InvalidArgumentError(Concat("class ", power.id, ": there is no class ", above));
    }
  }
  // Follows every path upwards; a path longer than the number of classes is a cycle.
  for (size_t round = 0; round <= classes.size(); ++round) {
    bool grown = false;
    for (const PowerClass& power : classes) {
      std::set<std::string>& all = map.at_least_.at(power.id);
      const size_t before = all.size();
      for (const std::string& above : power.no_more_than) {
        const std::set<std::string>& further = map.at_least_.at(above);
        if (further.contains(power.id)) {
          return absl::InvalidArgumentError(Concat("classes ", power.id, " and ", above, " are each below the other"));
        }
        all.insert(further.begin(), further.end());
      }
      grown = grown || all.size() != before;
    }
    if (!grown) break;
  }
  map.classes_ = std::move(classes);
  return map;
}

const PowerClass* PowerMap::Find(std::string_view call) const {
  const auto found = by_call_.find(call);
  return found != by_call_.end() ? &classes_[found->second] : nullptr;
}

bool PowerMap::Covers(std::string_view from, std::string_view to) const {
  const PowerClass* const more = Find(from);
  const PowerClass* const less = Find(to);
  if (more == nullptr || less == nullptr) return false;
  return less->own || AtLeast(less->id).contains(more->id);
}

absl::StatusOr<PowerMap> ParsePowerMap(std::string_view text) {
  const auto read = [](const JsonReader& root, std::vector<PowerClass>& classes) {
    root.AllowOnly({"schema", "classes"});
    root.Required("classes").ForEach(kMaxElements,
                                     [&](const JsonReader& value) { classes.push_back(ReadPowerClass(value)); });
  };
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<PowerClass> classes,
                            shipped::Parse<std::vector<PowerClass>>(text, "syscarve.power/1", read));
  return PowerMap::Make(std::move(classes));
}

absl::StatusOr<const PowerMap*> ShippedPowerMap() {
  return shipped::Shipped<PowerMap>("rules/power.json", ParsePowerMap);
}

std::vector<ClosureRule> RulesOfPower(const PowerMap& power) {
  std::vector<ClosureRule> rules;
  for (const PowerClass& one : power.classes()) {
    if (!one.only_if_seen.empty()) continue;
    if (one.own) {
      rules.push_back(RuleOfPower("own", one, "nothing else is reached by it."));
      rules.back().always = one.calls;
      continue;
    }
    ClosureRule rule = HeldRule(power, one);
    if (rule.beside.front().when.size() > 1) rules.push_back(std::move(rule));
  }
  return rules;
}

}  // namespace syscarve
