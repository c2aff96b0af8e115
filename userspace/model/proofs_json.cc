// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/proofs_json.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/capability.h"
#include "userspace/model/recording_json_fields.h"

namespace syscarve::recording_json {
namespace {

JsonValue::Object NeedToJson(JsonValue::Object entry, const ProvenNeed& need) {
  entry.push_back({"verdict", ProofVerdictName(need.verdict)});
  entry.push_back({"why", EncodePercent(need.why)});
  return entry;
}

ProvenNeed ReadNeed(const JsonReader& entry) {
  const JsonReader verdict = entry.Required("verdict");
  const std::optional<ProofVerdict> known = ProofVerdictFromName(verdict.Text(kMaxWordBytes));
  if (!known.has_value()) verdict.Fail("unknown verdict");
  return {.verdict = known.value_or(ProofVerdict::kUndecided), .why = ReadText(entry.Required("why"))};
}

JsonValue ArgumentsToJson(const std::map<CallWithValues, ProvenNeed>& proven) {
  JsonValue::Array entries;
  for (const auto& [what, need] : proven) {
    JsonValue::Array values;
    for (const uint64_t value : what.values) values.emplace_back(value);
    entries.emplace_back(NeedToJson({{"name", EncodePercent(what.call)}, {"values", std::move(values)}}, need));
  }
  return entries;
}

void ReadArguments(const JsonReader& entries, std::map<CallWithValues, ProvenNeed>& proven) {
  entries.ForEach(kMaxElements, [&](const JsonReader& one) {
    one.AllowOnly({"name", "values", "verdict", "why"});
    CallWithValues what{.call = ReadText(one.Required("name"), kMaxWordBytes), .values = {}};
    one.Required("values").ForEach(kLastArgument + 1,
                                   [&](const JsonReader& value) { what.values.push_back(value.Uint()); });
    AddUnique(one, proven, what) = ReadNeed(one);
  });
}

}  // namespace

JsonValue ProofsToJson(const Proofs& proofs) {
  JsonValue::Array subjects;
  for (const auto& [subject, proven] : proofs) {
    JsonValue::Array capabilities;
    for (const auto& [capability, need] : proven.capabilities) {
      capabilities.emplace_back(NeedToJson({{"capability", capability}, {"name", CapabilityName(capability)}}, need));
    }
    JsonValue::Array calls;
    for (const auto& [name, need] : proven.calls) {
      calls.emplace_back(NeedToJson({{"name", EncodePercent(name)}}, need));
    }
    JsonValue::Object entry = {
        {"subject", EncodePercent(subject)}, {"capabilities", std::move(capabilities)}, {"calls", std::move(calls)}};
    if (!proven.arguments.empty()) entry.push_back({"arguments", ArgumentsToJson(proven.arguments)});
    subjects.emplace_back(std::move(entry));
  }
  return subjects;
}

Proofs ReadProofs(const JsonReader& reader, const Recording& recording) {
  Proofs proofs;
  reader.ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"subject", "capabilities", "calls", "arguments"});
    const JsonReader subject = entry.Required("subject");
    const std::string name = ReadText(subject);
    if (std::ranges::find(recording.subjects, name, &Subject::name) == recording.subjects.end()) {
      subject.Fail("no subject has this name");
    }
    SubjectProofs& proven = AddUnique(entry, proofs, name);
    entry.Required("capabilities").ForEach(kMaxElements, [&](const JsonReader& one) {
      one.AllowOnly({"capability", "name", "verdict", "why"});
      constexpr uint64_t kMostCapabilities = 63;
      const int capability = static_cast<int>(one.Required("capability").Uint(0, kMostCapabilities));
      const JsonReader stated = one.Required("name");
      if (stated.Text(kMaxWordBytes) != CapabilityName(capability)) {
        stated.Fail(Concat("capability ", capability, " is ", CapabilityName(capability)));
      }
      AddUnique(one, proven.capabilities, capability) = ReadNeed(one);
    });
    entry.Required("calls").ForEach(kMaxElements, [&](const JsonReader& one) {
      one.AllowOnly({"name", "verdict", "why"});
      AddUnique(one, proven.calls, ReadText(one.Required("name"), kMaxWordBytes)) = ReadNeed(one);
    });
    if (const JsonReader arguments = entry.Optional("arguments"); arguments.exists()) {
      ReadArguments(arguments, proven.arguments);
    }
  });
  return proofs;
}

}  // namespace syscarve::recording_json
