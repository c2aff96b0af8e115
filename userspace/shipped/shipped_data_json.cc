// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/capability.h"
#include "userspace/shipped/risk.h"
#include "userspace/shipped/shipped_data.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;
using shipped::Parse;
using shipped::Shipped;

constexpr uint64_t kMaxSyscallNumber = 4096;

// A list of distinct names, at least one.
std::set<std::string> Names(const JsonReader& list) {
  std::set<std::string> names;
  list.ForEach(kMaxElements, [&](const JsonReader& element) {
    const std::string name = element.Text(kMaxText);
    if (name.empty() || !names.insert(name).second) element.Fail("expected a name that is not in the list yet");
  });
  if (names.empty()) list.Fail("expected at least one name");
  return names;
}

std::vector<std::string> NameList(const JsonReader& list) {
  const std::set<std::string> names = Names(list);
  return {names.begin(), names.end()};
}

int ReadCapability(const JsonReader& field) {
  const std::optional<int> number = CapabilityFromName(field.Text(kMaxText));
  if (!number.has_value()) field.Fail("expected a capability");
  return number.value_or(0);
}

CapabilityRemark ReadRemark(const JsonReader& value, bool opportunistic) {
  CapabilityRemark remark;
  remark.capability = ReadCapability(value.Required("capability"));
  remark.during = Names(value.Required("during"));
  remark.opportunistic = opportunistic;
  if (opportunistic) {
    value.AllowOnly({"capability", "during", "outside_calls", "why", "kernel"});
    remark.outside_calls = value.Required("outside_calls").Bool();
  } else {
    value.AllowOnly({"capability", "during", "why", "kernel"});
  }
  remark.why = value.Required("why").Text(kMaxText);
  remark.kernel = value.Required("kernel").Text(kMaxText);
  return remark;
}

std::vector<std::vector<std::string>> NameLists(const JsonReader& lists) {
  std::vector<std::vector<std::string>> result;
  lists.ForEach(kMaxElements, [&](const JsonReader& list) { result.push_back(NameList(list)); });
  return result;
}

// What calls can do, so far as a rule needs to know: two of one class do the same kind of thing, and the one of the
// higher level can do more of it.
struct CallClass {
  std::string id;
  size_t level = 0;
};
using CallClasses = std::map<std::string, CallClass>;  // By name.

// The class of what reaches nothing but the calling process.
constexpr std::string_view kSelf = "self";

CallClasses ReadCallClasses(const JsonReader& list) {
  CallClasses classes;
  std::set<std::string> ids;
  list.ForEach(kMaxElements, [&](const JsonReader& value) {
    value.AllowOnly({"id", "what", "calls", "more"});
    const std::string id = value.Required("id").Text(kMaxText);
    if (!ids.insert(id).second) value.Fail("the id is taken");
    value.Required("what").Text(kMaxText);
    std::vector<std::vector<std::string>> levels = {NameList(value.Required("calls"))};
    if (const JsonReader more = value.Optional("more"); more.exists()) {
      for (std::vector<std::string>& level : NameLists(more)) levels.push_back(std::move(level));
    }
    for (size_t level = 0; level < levels.size(); ++level) {
      for (const std::string& name : levels[level]) {
        if (!classes.try_emplace(name, CallClass{id, level}).second) value.Fail(Concat("\"", name, "\" appears twice"));
      }
    }
  });
  return classes;
}

// Whether whoever may make `from` gains nothing by `to`.
bool Covers(const CallClass& from, const CallClass& to) {
  return to.id == kSelf || (from.id == to.id && to.level <= from.level);
}

void CheckClasses(const JsonReader& value, const ClosureRule& rule, const CallClasses& classes) {
  const auto class_of = [&](const std::string& name) {
    const auto found = classes.find(name);
    if (found == classes.end()) value.Fail(Concat("\"", name, "\" is in no class"));
    return found == classes.end() ? CallClass{} : found->second;
  };
  const auto check = [&](const std::vector<std::string>& names, const std::vector<std::string>& because, bool free) {
    for (const std::string& name : names) {
      const CallClass to = class_of(name);
      const bool covered =
          because.empty()
              ? to.id == kSelf
              : std::ranges::all_of(because, [&](const std::string& from) { return Covers(class_of(from), to); });
      if (covered == rule.beyond.contains(name) && !free) {
        value.Fail(
            Concat("\"", name, "\" ", covered ? "need not be among \"beyond\"" : "can do more than what brings it in"));
      }
    }
  };
  check(rule.always, {}, false);
  for (const std::vector<std::string>& family : rule.families) check(family, family, false);
  for (const ClosureFallback& fallback : rule.fallbacks) {
    // Conditions keep a call of the same class to what the other can do; that they do is for people to see.
    const bool narrowed =
        !fallback.conditions.empty() && std::ranges::all_of(fallback.add, [&](const std::string& name) {
          return class_of(name).id == class_of(fallback.when).id;
        });
    check(fallback.add, {fallback.when}, narrowed);
  }
  for (const ClosureTogether& together : rule.together) {
    for (const std::vector<std::string>& names : together.when) std::ranges::for_each(names, class_of);
    check(together.add, {}, false);
  }
}

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

ClosureFallback ReadFallback(const JsonReader& value) {
  value.AllowOnly({"when", "add", "args"});
  ClosureFallback fallback{.when = value.Required("when").Text(kMaxText), .add = NameList(value.Required("add"))};
  if (const JsonReader args = value.Optional("args"); args.exists()) {
    args.ForEach(kMaxElements, [&](const JsonReader& arg) { fallback.conditions.push_back(ReadCondition(arg)); });
  }
  return fallback;
}

ClosureRule ReadClosureRule(const JsonReader& value, const CallClasses& classes) {
  value.AllowOnly(
      {"id", "mode", "incidental", "always", "families", "fallbacks", "together", "beyond", "reason", "source"});
  ClosureRule rule;
  rule.id = value.Required("id").Text(kMaxText);
  rule.reason = value.Required("reason").Text(kMaxText);
  rule.source = value.Required("source").Text(kMaxText);
  if (const JsonReader mode = value.Optional("mode"); mode.exists()) {
    rule.portable = mode.Text(kMaxText) == "portable";
    if (!rule.portable) mode.Fail("must be \"portable\" where it is not left out");
  }
  if (const JsonReader incidental = value.Optional("incidental"); incidental.exists())
    rule.incidental = incidental.Bool();
  if (const JsonReader beyond = value.Optional("beyond"); beyond.exists()) rule.beyond = Names(beyond);
  const JsonReader always = value.Optional("always");
  const JsonReader families = value.Optional("families");
  const JsonReader fallbacks = value.Optional("fallbacks");
  const JsonReader together = value.Optional("together");
  if (always.exists() + families.exists() + fallbacks.exists() + together.exists() != 1) {
    value.Fail("expected exactly one of always, families, fallbacks and together");
    return rule;
  }
  if (always.exists()) rule.always = NameList(always);
  if (families.exists()) rule.families = NameLists(families);
  if (fallbacks.exists()) {
    fallbacks.ForEach(kMaxElements,
                      [&](const JsonReader& fallback) { rule.fallbacks.push_back(ReadFallback(fallback)); });
  }
  if (together.exists()) {
    together.ForEach(kMaxElements, [&](const JsonReader& entry) {
      entry.AllowOnly({"when", "add"});
      rule.together.push_back({NameLists(entry.Required("when")), NameList(entry.Required("add"))});
    });
  }
  CheckClasses(value, rule, classes);
  return rule;
}

void AddRisk(const std::set<std::string>& names, const Risk& risk, const JsonReader& value, Risks& risks) {
  for (const std::string& name : names) {
    if (!risks.emplace(name, risk).second) value.Fail(Concat("\"", name, "\" appears twice"));
  }
}

RiskLevel ReadRiskLevel(const JsonReader& field) {
  const std::optional<RiskLevel> level = RiskLevelFromName(field.Text(kMaxText));
  if (!level.has_value()) field.Fail("expected \"low\", \"medium\" or \"high\"");
  return level.value_or(RiskLevel::kLow);
}

}  // namespace

absl::StatusOr<std::vector<ClosureRule>> ParseClosureRules(std::string_view text) {
  const auto read = [](const JsonReader& root, std::vector<ClosureRule>& rules) {
    root.AllowOnly({"schema", "classes", "rules"});
    const CallClasses classes = ReadCallClasses(root.Required("classes"));
    std::set<std::string> ids;
    root.Required("rules").ForEach(kMaxElements, [&](const JsonReader& value) {
      rules.push_back(ReadClosureRule(value, classes));
      if (!ids.insert(rules.back().id).second) value.Fail("the id is taken");
    });
  };
  return Parse<std::vector<ClosureRule>>(text, "syscarve.closure/2", read);
}

absl::StatusOr<ErrnoPolicy> ParseErrnoPolicy(std::string_view text) {
  const auto read = [](const JsonReader& root, ErrnoPolicy& policy) {
    root.AllowOnly({"schema", "newer_from", "probed"});
    policy.newer_from = static_cast<int>(root.Required("newer_from").Uint(1, kMaxSyscallNumber));
    root.Required("probed").ForEach(kMaxElements, [&](const JsonReader& entry) {
      entry.AllowOnly({"names", "who"});
      const std::string who = entry.Required("who").Text(kMaxText);
      for (const std::string& name : Names(entry.Required("names"))) {
        if (!policy.probed.emplace(name, who).second) entry.Fail(Concat("\"", name, "\" appears twice"));
      }
    });
  };
  return Parse<ErrnoPolicy>(text, "syscarve.errno/1", read);
}

absl::StatusOr<CapabilityData> ParseCapabilityData(std::string_view text) {
  const auto read = [](const JsonReader& root, CapabilityData& data) {
    root.AllowOnly({"schema", "rules", "notes", "chains"});
    root.Required("rules").ForEach(kMaxElements,
                                   [&](const JsonReader& value) { data.remarks.push_back(ReadRemark(value, true)); });
    root.Required("notes").ForEach(kMaxElements,
                                   [&](const JsonReader& value) { data.remarks.push_back(ReadRemark(value, false)); });
    root.Required("chains").ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"wide", "narrow", "why", "kernel"});
      CapabilityChain chain;
      chain.wide = ReadCapability(value.Required("wide"));
      value.Required("narrow").ForEach(
          kMaxElements, [&](const JsonReader& narrow) { chain.narrow.push_back(ReadCapability(narrow)); });
      chain.why = value.Required("why").Text(kMaxText);
      chain.kernel = value.Required("kernel").Text(kMaxText);
      data.chains.push_back(std::move(chain));
    });
  };
  return Parse<CapabilityData>(text, "syscarve.capabilities/1", read);
}

absl::StatusOr<std::vector<OccasionalCalls>> ParseOccasionalCalls(std::string_view text) {
  const auto read = [](const JsonReader& root, std::vector<OccasionalCalls>& all) {
    root.AllowOnly({"schema", "occasional"});
    root.Required("occasional").ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"id", "runtimes", "names", "reason", "source"});
      all.push_back({.id = value.Required("id").Text(kMaxText),
                     .runtimes = Names(value.Required("runtimes")),
                     .names = NameList(value.Required("names")),
                     .reason = value.Required("reason").Text(kMaxText),
                     .source = value.Required("source").Text(kMaxText)});
    });
  };
  return Parse<std::vector<OccasionalCalls>>(text, "syscarve.runtimes/1", read);
}

absl::StatusOr<Risks> ParseRisks(std::string_view text) {
  const auto read = [](const JsonReader& root, Risks& risks) {
    root.AllowOnly({"schema", "risks", "families"});
    root.Required("risks").ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"names", "risk", "family", "why", "references"});
      const Risk risk{.level = ReadRiskLevel(value.Required("risk")),
                      .family = value.Required("family").Text(kMaxText),
                      .why = value.Required("why").Text(kMaxText),
                      .references = NameList(value.Required("references"))};
      AddRisk(Names(value.Required("names")), risk, value, risks);
    });
    root.Required("families").ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"family", "why", "names"});
      const Risk risk{.level = RiskLevel::kLow,
                      .family = value.Required("family").Text(kMaxText),
                      .why = value.Required("why").Text(kMaxText),
                      .references = {}};
      AddRisk(Names(value.Required("names")), risk, value, risks);
    });
  };
  return Parse<Risks>(text, "syscarve.risk/1", read);
}

absl::StatusOr<std::vector<SystemdSet>> ParseSystemdSets(std::string_view text) {
  const auto read = [](const JsonReader& root, std::vector<SystemdSet>& sets) {
    root.AllowOnly({"schema", "source", "sets"});
    root.Required("source").Text(kMaxText);
    std::set<std::string> names;
    const JsonReader list = root.Required("sets");
    list.ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"name", "names"});
      sets.push_back({.name = value.Required("name").Text(kMaxText), .names = Names(value.Required("names"))});
      if (!names.insert(sets.back().name).second) value.Fail("the name is taken");
    });
    if (!names.contains("@default")) list.Fail("expected @default among them");
  };
  return Parse<std::vector<SystemdSet>>(text, "syscarve.systemd-sets/1", read);
}

absl::StatusOr<std::vector<LibcCalls>> ParseLibcCalls(std::string_view text) {
  const auto read = [](const JsonReader& root, std::vector<LibcCalls>& all) {
    root.AllowOnly({"schema", "start"});
    root.Required("start").ForEach(kMaxElements, [&](const JsonReader& value) {
      value.AllowOnly({"names", "who"});
      all.push_back({.names = NameList(value.Required("names")), .who = value.Required("who").Text(kMaxText)});
    });
  };
  return Parse<std::vector<LibcCalls>>(text, "syscarve.libc/1", read);
}

absl::StatusOr<const std::vector<LibcCalls>*> ShippedLibcCalls() {
  return Shipped<std::vector<LibcCalls>>("rules/libc.json", ParseLibcCalls);
}

absl::StatusOr<const std::vector<ClosureRule>*> ShippedClosureRules() {
  return Shipped<std::vector<ClosureRule>>("rules/closure.json", ParseClosureRules);
}

absl::StatusOr<const ErrnoPolicy*> ShippedErrnoPolicy() {
  return Shipped<ErrnoPolicy>("rules/errno.json", ParseErrnoPolicy);
}

absl::StatusOr<const std::vector<OccasionalCalls>*> ShippedOccasionalCalls() {
  return Shipped<std::vector<OccasionalCalls>>("rules/runtimes.json", ParseOccasionalCalls);
}

absl::StatusOr<const Risks*> ShippedRisks() {
  return Shipped<Risks>("rules/risk.json", ParseRisks);
}

absl::StatusOr<const std::vector<SystemdSet>*> ShippedSystemdSets() {
  return Shipped<std::vector<SystemdSet>>("rules/systemd-sets.json", ParseSystemdSets);
}

absl::StatusOr<const CapabilityData*> ShippedCapabilityData() {
  return Shipped<CapabilityData>("rules/capabilities.json", ParseCapabilityData);
}

}  // namespace syscarve
