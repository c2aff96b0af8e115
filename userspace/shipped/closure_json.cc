// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/shipped/power.h"
#include "userspace/shipped/shipped_data.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;
using shipped::NameList;

std::vector<std::vector<std::string>> NameLists(const JsonReader& lists) {
  std::vector<std::vector<std::string>> result;
  lists.ForEach(kMaxElements, [&](const JsonReader& list) { result.push_back(NameList(list)); });
  return result;
}

// Checks one rule against the map of power.
class Judge {
 public:
  Judge(const JsonReader& value, const ClosureRule& rule, const PowerMap& power)
      : value_(value), rule_(rule), power_(power) {}

  void Run() const {
    for (const std::string& name : rule_.always) Added(name, IsOwn(name));
    for (const std::vector<std::string>& family : rule_.families) AddedByEach(family, family, {});
    for (const ClosureFallback& fallback : rule_.fallbacks) {
      AddedByEach({fallback.when}, fallback.add, fallback.conditions);
    }
    for (const ClosureBeside& beside : rule_.beside) AddedByEach(beside.when, beside.add, beside.conditions);
    for (const ClosureTogether& together : rule_.together) {
      for (const std::vector<std::string>& names : together.when) CheckKnown(names);
      for (const std::string& name : together.add) {
        const bool covered =
            std::ranges::any_of(together.when, [&](const auto& names) { return AllCover(names, name); });
        Added(name, covered || IsOwn(name));
      }
    }
    for (const ClosureNarrowed& narrowed : rule_.narrowed) {
      CheckKnown(narrowed.add);
      // Whether the call affects only the caller with these arguments is left to review.
      if (narrowed.conditions.empty()) value_.Fail("what is always added belongs into \"always\"");
    }
  }

 private:
  void CheckKnown(const std::vector<std::string>& names) const {
    for (const std::string& name : names) {
      if (power_.Find(name) == nullptr) value_.Fail(Concat("\"", name, "\" is in no class"));
    }
  }

  bool AllCover(const std::vector<std::string>& names, const std::string& to) const {
    return std::ranges::all_of(names, [&](const std::string& from) { return power_.Covers(from, to); });
  }

  bool IsOwn(const std::string& name) const {
    const PowerClass* const found = power_.Find(name);
    return found != nullptr && found->own;
  }

  // `because` are names each of which alone triggers `names`.
  void AddedByEach(const std::vector<std::string>& because, const std::vector<std::string>& names,
                   const std::vector<ArgumentCondition>& conditions) const {
    CheckKnown(because);
    for (const std::string& name : names) {
      // Conditions limit the more powerful call to the power of the other; whether they do is left to review.
      const bool narrowed = !conditions.empty() && std::ranges::all_of(because, [&](const std::string& from) {
        return power_.Covers(name, from);
      });
      if (!narrowed) Added(name, IsOwn(name) || AllCover(because, name));
    }
  }

  void Added(const std::string& name, bool covered) const {
    CheckKnown({name});
    if (covered != rule_.beyond.contains(name)) return;
    value_.Fail(
        Concat("\"", name, "\" ", covered ? "need not be among \"beyond\"" : "can do more than what brings it in"));
  }

  const JsonReader& value_;
  const ClosureRule& rule_;
  const PowerMap& power_;
};

ArgumentCondition ReadCondition(const JsonReader& value) {
  value.AllowOnly({"index", "value", "valueTwo", "op"});
  ArgumentCondition condition;
  condition.index = static_cast<unsigned>(value.Required("index").Uint(0, 5));
  condition.value = value.Required("value").Uint(0, UINT64_MAX);
  const JsonReader op = value.Required("op");
  const std::optional<CompareOp> known = CompareOpFromScmpName(op.Text(kMaxText));
  if (!known.has_value()) op.Fail("expected a comparison");
  condition.op = known.value_or(CompareOp::kEqual);
  if (const JsonReader two = value.Optional("valueTwo"); two.exists()) condition.value_two = two.Uint(0, UINT64_MAX);
  return condition;
}

std::vector<ArgumentCondition> ReadConditions(const JsonReader& args) {
  std::vector<ArgumentCondition> conditions;
  if (!args.exists()) return conditions;
  args.ForEach(kMaxElements, [&](const JsonReader& arg) { conditions.push_back(ReadCondition(arg)); });
  return conditions;
}

ClosureFallback ReadFallback(const JsonReader& value) {
  value.AllowOnly({"when", "add", "args"});
  return {.when = value.Required("when").Text(kMaxText),
          .add = NameList(value.Required("add")),
          .conditions = ReadConditions(value.Optional("args"))};
}

ClosureBeside ReadBeside(const JsonReader& value) {
  value.AllowOnly({"when", "add", "args"});
  return {.when = NameList(value.Required("when")),
          .add = NameList(value.Required("add")),
          .conditions = ReadConditions(value.Optional("args"))};
}

ClosureTogether ReadTogether(const JsonReader& value) {
  value.AllowOnly({"when", "add", "args"});
  return {.when = NameLists(value.Required("when")),
          .add = NameList(value.Required("add")),
          .conditions = ReadConditions(value.Optional("args"))};
}

ClosureNarrowed ReadNarrowed(const JsonReader& value) {
  value.AllowOnly({"add", "args"});
  return {.add = NameList(value.Required("add")), .conditions = ReadConditions(value.Required("args"))};
}

// Reads the elements of `list`, if it is there, with `read`.
template <typename T>
std::vector<T> ReadEach(const JsonReader& list, T (*read)(const JsonReader&)) {
  std::vector<T> all;
  if (list.exists()) list.ForEach(kMaxElements, [&](const JsonReader& value) { all.push_back(read(value)); });
  return all;
}

void ReadMode(const JsonReader& mode, ClosureRule& rule) {
  if (!mode.exists()) return;
  const std::string text = mode.Text(kMaxText);
  rule.portable = text == "portable";
  rule.steady = text == "steady";
  if (!rule.portable && !rule.steady) mode.Fail("must be \"steady\" or \"portable\" where it is not left out");
}

ClosureRule ReadClosureRule(const JsonReader& value, const PowerMap& power) {
  value.AllowOnly({"id", "mode", "incidental", "always", "families", "fallbacks", "beside", "together", "narrowed",
                   "beyond", "reason", "source"});
  ClosureRule rule;
  rule.id = value.Required("id").Text(kMaxText);
  rule.reason = value.Required("reason").Text(kMaxText);
  rule.source = value.Required("source").Text(kMaxText);
  ReadMode(value.Optional("mode"), rule);
  if (const JsonReader incidental = value.Optional("incidental"); incidental.exists())
    rule.incidental = incidental.Bool();
  if (const JsonReader beyond = value.Optional("beyond"); beyond.exists()) rule.beyond = shipped::Names(beyond);
  const JsonReader always = value.Optional("always");
  const JsonReader families = value.Optional("families");
  const JsonReader fallbacks = value.Optional("fallbacks");
  const JsonReader beside = value.Optional("beside");
  const JsonReader together = value.Optional("together");
  const JsonReader narrowed = value.Optional("narrowed");
  if (always.exists() + families.exists() + fallbacks.exists() + beside.exists() + together.exists() +
          narrowed.exists() !=
      1) {
    value.Fail("expected exactly one of always, families, fallbacks, beside, together and narrowed");
    return rule;
  }
  if (always.exists()) rule.always = NameList(always);
  if (families.exists()) rule.families = NameLists(families);
  rule.fallbacks = ReadEach(fallbacks, ReadFallback);
  rule.beside = ReadEach(beside, ReadBeside);
  rule.together = ReadEach(together, ReadTogether);
  rule.narrowed = ReadEach(narrowed, ReadNarrowed);
  Judge(value, rule, power).Run();
  return rule;
}

// The rules of both files.
absl::StatusOr<std::vector<ClosureRule>> ParseShippedRules(std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const PowerMap* const power, ShippedPowerMap());
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<ClosureRule> rules, ParseClosureRules(text, *power));
  for (ClosureRule& rule : RulesOfPower(*power)) rules.push_back(std::move(rule));
  return rules;
}

}  // namespace

absl::StatusOr<std::vector<ClosureRule>> ParseClosureRules(std::string_view text, const PowerMap& power) {
  const auto read = [&](const JsonReader& root, std::vector<ClosureRule>& rules) {
    root.AllowOnly({"schema", "rules"});
    std::set<std::string> ids;
    root.Required("rules").ForEach(kMaxElements, [&](const JsonReader& value) {
      rules.push_back(ReadClosureRule(value, power));
      if (!ids.insert(rules.back().id).second) value.Fail("the id is taken");
    });
  };
  return shipped::Parse<std::vector<ClosureRule>>(text, "syscarve.closure/4", read);
}

absl::StatusOr<const std::vector<ClosureRule>*> ShippedClosureRules() {
  return shipped::Shipped<std::vector<ClosureRule>>("rules/closure.json", ParseShippedRules);
}

}  // namespace syscarve
