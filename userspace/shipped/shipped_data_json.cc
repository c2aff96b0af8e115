// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/capability.h"
#include "userspace/model/syscall_table.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/call_text.h"
#include "userspace/shipped/recorded_arguments.h"
#include "userspace/shipped/risk.h"
#include "userspace/shipped/shipped_data.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;
using shipped::NameList;
using shipped::Names;
using shipped::Parse;
using shipped::ReadRiskLevel;
using shipped::Shipped;

constexpr uint64_t kMaxSyscallNumber = 4096;

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

Asking ReadAsking(const JsonReader& field) {
  const std::string word = field.Text(kMaxText);
  if (word == "passing") return Asking::kPassing;
  if (word == "undecided") return Asking::kUndecided;
  if (word != "needed") field.Fail("expected \"needed\", \"passing\" or \"undecided\"");
  return Asking::kNeeded;
}

CapabilityPlace ReadPlace(const JsonReader& value) {
  value.AllowOnly({"capabilities", "functions", "beside", "asking", "instead", "why", "kernel"});
  CapabilityPlace place;
  value.Required("capabilities").ForEach(kMaxElements, [&](const JsonReader& entry) {
    place.capabilities.insert(ReadCapability(entry));
  });
  place.functions = Names(value.Required("functions"));
  if (const JsonReader beside = value.Optional("beside"); beside.exists()) place.beside = Names(beside);
  place.asking = ReadAsking(value.Required("asking"));
  if (const JsonReader instead = value.Optional("instead"); instead.exists()) place.instead = ReadCapability(instead);
  place.why = value.Required("why").Text(kMaxText);
  place.kernel = value.Required("kernel").Text(kMaxText);
  return place;
}

void AddRisk(const std::set<std::string>& names, const Risk& risk, const JsonReader& value, Risks& risks) {
  for (const std::string& name : names) {
    if (!risks.emplace(name, risk).second) value.Fail(Concat("\"", name, "\" appears twice"));
  }
}

// A number, or its name in the kernel's headers.
uint64_t ReadValue(const JsonReader& element, const std::string& call, unsigned argument) {
  if (!element.IsText()) return element.Uint();
  const auto table = ShippedArgumentTable();
  std::optional<SyscallId> id = FindSyscall(Abi::kX86_64, call);
  if (!id.has_value()) id = FindSyscall(Abi::kI386, call);
  const std::vector<uint64_t> known(argument);
  const std::optional<uint64_t> value =
      table.ok() && id.has_value() ? ArgumentFromNames(**table, *id, known, element.Text(kMaxText)) : std::nullopt;
  if (!value.has_value()) element.Fail("the argument has no such value");
  return value.value_or(0);
}

// The values of this argument that every profile allows.
std::set<uint64_t> ReadAlways(const JsonReader& values, const std::string& call, unsigned argument) {
  if (values.Text(kMaxText) != "always") values.Fail("expected an array, or \"always\"");
  std::set<uint64_t> always;
  const auto recorded = ShippedRecordedCalls();
  const auto found = recorded.ok() ? (*recorded)->find(call) : RecordedCalls::const_iterator();
  if (recorded.ok() && found != (*recorded)->end()) {
    const std::vector<int>& indexes = found->second.indexes;
    const auto place = std::ranges::find(indexes, static_cast<int>(argument)) - indexes.begin();
    for (const std::vector<uint64_t>& tuple : found->second.always) {
      if (static_cast<size_t>(place) < tuple.size()) always.insert(tuple[static_cast<size_t>(place)]);
    }
  }
  if (always.empty()) values.Fail("no value of the argument is always allowed");
  return always;
}

void AddArgumentRisk(const JsonReader& value, Risks& risks) {
  value.AllowOnly({"names", "argument", "values", "flags", "risk", "why", "references"});
  for (const std::string& name : Names(value.Required("names"))) {
    const auto risk = risks.find(name);
    if (risk == risks.end()) return value.Fail(Concat("\"", name, "\" has no risk of its own"));
    ArgumentRisk argument{.argument = static_cast<unsigned>(value.Required("argument").Uint(0, kLastArgument)),
                          .values = {},
                          .level = ReadRiskLevel(value.Required("risk")),
                          .why = value.Required("why").Text(kMaxText),
                          .references = {}};
    const JsonReader values = value.Optional("values");
    if (values.exists() && values.IsText()) {
      argument.values = ReadAlways(values, name, argument.argument);
    } else if (values.exists()) {
      values.ForEach(kMaxElements, [&](const JsonReader& element) {
        argument.values.insert(ReadValue(element, name, argument.argument));
      });
    }
    if (const JsonReader flags = value.Optional("flags"); flags.exists()) {
      flags.ForEach(kMaxElements,
                    [&](const JsonReader& element) { argument.flags |= ReadValue(element, name, argument.argument); });
    }
    if (const JsonReader references = value.Optional("references"); references.exists()) {
      argument.references = NameList(references);
    }
    risk->second.arguments.push_back(std::move(argument));
  }
}

}  // namespace

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
    root.AllowOnly({"schema", "places", "rules", "notes", "chains"});
    root.Required("places").ForEach(kMaxElements,
                                    [&](const JsonReader& value) { data.places.push_back(ReadPlace(value)); });
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
    root.AllowOnly({"schema", "risks", "families", "arguments"});
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
    if (const JsonReader arguments = root.Optional("arguments"); arguments.exists()) {
      arguments.ForEach(kMaxElements, [&](const JsonReader& value) { AddArgumentRisk(value, risks); });
    }
  };
  return Parse<Risks>(text, "syscarve.risk/2", read);
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
