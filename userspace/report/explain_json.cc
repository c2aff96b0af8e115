// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/explain.h"
#include "userspace/report/sighting.h"
#include "userspace/report/wording.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {
namespace {

// Untrusted bytes as a JSON string.
JsonValue Bytes(std::string_view bytes) {
  return EncodePercent(bytes);
}

JsonValue::Array NamesJson(const std::vector<std::string>& names) {
  JsonValue::Array result;
  for (const std::string& name : names) result.push_back(name);
  return result;
}

JsonValue::Array ConditionsJson(const std::vector<ArgumentCondition>& conditions) {
  JsonValue::Array result;
  for (const ArgumentCondition& condition : conditions) result.push_back(ConditionWords(condition));
  return result;
}

// Adds the denials of the call in the recording, if any.
void AddRefusals(const GeneratedProfile& made, const std::string& name, JsonValue::Object& object) {
  const RefusedCall* const call = FindRefused(made.refused, name);
  if (call == nullptr) return;
  JsonValue::Array refusals;
  for (const Refusal& refusal : call->refusals) refusals.push_back(RefusalJson(*call, refusal));
  object.push_back({"refused", std::move(refusals)});
  if (!call->probed_by.empty()) object.push_back({"probed_by", call->probed_by});
}

void AddProven(const ProvenNeed& proven, JsonValue::Object& object) {
  if (proven.verdict == ProofVerdict::kUndecided) return;
  object.push_back(
      {"proven", JsonValue::Object{{"verdict", ProofVerdictName(proven.verdict)}, {"why", Bytes(proven.why)}}});
}

// If the profile allows the call only for seen arguments: adds the allowed arguments, and the seen ones.
void AddArguments(const GeneratedProfile& made, std::string_view name, JsonValue::Object& object) {
  const auto call = std::ranges::find(made.narrowed, name, &NarrowedCall::name);
  if (call == made.narrowed.end() || !call->by_arguments) return;
  JsonValue::Array allowed;
  for (size_t i = 0; i < call->rules.size(); ++i) {
    if (call->rules[i].action.kind != ActionKind::kAllow) continue;
    JsonValue::Object rule = {{"when", ConditionsJson(call->rules[i].conditions)}};
    if (!call->words.empty()) rule.push_back({"values", call->words[i]});
    allowed.push_back(std::move(rule));
  }
  JsonValue::Array seen;
  for (const ArgumentSighting& sighting : call->seen) {
    std::set<std::string> labels;
    for (const Program& program : sighting.programs) labels.insert(ProgramLabel(program));
    JsonValue::Array programs;
    for (const std::string& label : labels) programs.push_back(Bytes(label));
    JsonValue::Object one = {{"call", sighting.call}, {"runs", sighting.runs}, {"programs", std::move(programs)}};
    if (!sighting.files.empty()) {
      JsonValue::Array files;
      for (const std::string& kind : sighting.files) files.push_back(kind);
      one.push_back({"on", std::move(files)});
    }
    if (sighting.high_risk) one.push_back({"risk", "high"});
    AddProven(sighting.proven, one);
    seen.push_back(std::move(one));
  }
  object.push_back({"arguments", JsonValue::Object{{"allowed", std::move(allowed)}, {"seen", std::move(seen)}}});
}

JsonValue CallJson(const GeneratedProfile& made, const AllowedCall& call) {
  JsonValue::Object result;
  result.push_back({"name", call.name});
  result.push_back({"allowed", true});
  result.push_back({"count", call.count()});
  JsonValue::Array seen;
  for (const Sighting& sighting : call.sightings) seen.push_back(SightingJson(sighting));
  result.push_back({"seen", std::move(seen)});
  if (!call.baseline.empty()) result.push_back({"baseline", Bytes(call.baseline)});
  if (!call.companion.empty()) result.push_back({"with", call.companion});
  result.push_back({"requested", call.requested});
  AddProven(call.proven, result);
  JsonValue::Array closure;
  for (const ClosureReason& reason : call.closure) {
    JsonValue::Object entry;
    entry.push_back({"rule", reason.rule});
    if (!reason.because.empty()) entry.push_back({"because", reason.because});
    if (!reason.conditions.empty()) entry.push_back({"when", ConditionsJson(reason.conditions)});
    entry.push_back({"reason", reason.reason});
    closure.push_back(std::move(entry));
  }
  result.push_back({"closure", std::move(closure)});
  AddArguments(made, call.name, result);
  AddRefusals(made, call.name, result);
  return result;
}

JsonValue RefusedJson(const GeneratedProfile& made, const RuleEvaluator& decider, const std::string& name) {
  JsonValue::Object result;
  result.push_back({"name", name});
  result.push_back({"allowed", false});
  for (const Abi abi : made.profile.abis) {
    const std::optional<SyscallId> id = FindSyscall(abi, name);
    if (!id.has_value()) continue;
    const Action action = decider.Decide(*id, {});
    result.push_back({"action", ScmpActionName(action.kind)});
    if (action.kind == ActionKind::kErrno) result.push_back({"errno", ErrnoWords(action.value)});
    break;
  }
  if (const auto replaced = made.replaced.find(name); replaced != made.replaced.end()) {
    result.push_back({"instead", replaced->second});
  }
  AddRefusals(made, name, result);
  return result;
}

JsonValue CapabilityJson(const CapabilityVerdict& verdict) {
  JsonValue::Object result;
  result.push_back({"capability", CapabilityName(verdict.capability)});
  result.push_back({"verdict", VerdictName(verdict.verdict)});
  result.push_back({"granted", verdict.granted});
  result.push_back({"denied", verdict.denied});
  result.push_back({"calls", NamesJson(verdict.calls)});
  result.push_back({"why", Bytes(verdict.why)});
  return result;
}

JsonValue RuleJson(const Rule& rule) {
  JsonValue::Object result = ActionJson(rule.action);
  if (!rule.conditions.empty()) result.push_back({"when", ConditionsJson(rule.conditions)});
  if (!rule.comment.empty()) result.push_back({"comment", rule.comment});
  return result;
}

JsonValue::Object Explanation(std::string_view of) {
  JsonValue::Object result;
  result.push_back({"schema", kExplanationSchema});
  result.push_back({"of", of});
  return result;
}

}  // namespace

std::string ExplainJson(const GeneratedProfile& made, std::span<const std::string> names) {
  JsonValue::Object result = Explanation("recording");
  JsonValue::Array calls;
  const RuleEvaluator decider(made.profile);
  if (names.empty()) {
    for (const AllowedCall& call : made.calls) calls.push_back(CallJson(made, call));
    for (const RefusedCall& call : made.refused) {
      if (!call.allowed) calls.push_back(RefusedJson(made, decider, call.name));
    }
  } else {
    for (const std::string& name : names) {
      const auto found = std::find_if(made.calls.begin(), made.calls.end(),
                                      [&](const AllowedCall& call) { return call.name == name; });
      calls.push_back(found != made.calls.end() ? CallJson(made, *found) : RefusedJson(made, decider, name));
    }
  }
  result.push_back({"calls", std::move(calls)});
  if (names.empty()) {
    JsonValue::Array closure;
    for (const auto& [rule, added] : made.closure) {
      JsonValue::Object entry;
      entry.push_back({"rule", rule});
      entry.push_back({"added", NamesJson(added)});
      closure.push_back(std::move(entry));
    }
    result.push_back({"closure", std::move(closure)});
    result.push_back({"capabilities_recorded", made.capabilities_recorded});
    JsonValue::Array capabilities;
    for (const CapabilityVerdict& verdict : made.capabilities) capabilities.push_back(CapabilityJson(verdict));
    result.push_back({"capabilities", std::move(capabilities)});
  }
  return PrintJson(result, kReportJsonWidth);
}

std::string ExplainJson(const Profile& profile, std::span<const std::string> names) {
  JsonValue::Object result = Explanation("profile");
  result.push_back({"default", ActionJson(profile.default_action)});
  std::map<std::string, JsonValue::Array> rules;
  for (const std::string& name : names) rules.try_emplace(name);
  for (const Rule& rule : profile.rules) {
    for (const std::string& name : rule.names) {
      if (names.empty() || rules.contains(name)) rules[name].push_back(RuleJson(rule));
    }
  }
  JsonValue::Array calls;
  for (auto& [name, entries] : rules) {
    JsonValue::Object call;
    call.push_back({"name", name});
    call.push_back({"rules", std::move(entries)});
    calls.push_back(std::move(call));
  }
  result.push_back({"calls", std::move(calls)});
  return PrintJson(result, kReportJsonWidth);
}

}  // namespace syscarve
