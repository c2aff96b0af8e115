// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/diff.h"
#include "userspace/report/diff_words.h"
#include "userspace/report/sighting.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kDiffSchema = "syscarve.diff/1";

std::string_view ComparisonName(Comparison direction) {
  switch (direction) {
    case Comparison::kLooser:
      return "looser";
    case Comparison::kTighter:
      return "tighter";
    default:
      return "other";
  }
}

JsonValue::Array NameArray(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

JsonValue::Array AnswersJson(const std::vector<ActionChange>& answers) {
  JsonValue::Array result;
  for (const ActionChange& answer : answers) {
    JsonValue::Object object = {{"direction", ComparisonName(answer.direction)},
                                {"before", ActionJson(answer.before)},
                                {"after", ActionJson(answer.after)}};
    const bool always = answer.when.size() == 1 && answer.when.front().empty();
    if (!always) {
      JsonValue::Array when;
      for (const auto& conditions : answer.when) {
        JsonValue::Array all;
        for (const ArgumentCondition& condition : conditions) all.push_back(ConditionWords(condition));
        when.push_back(std::move(all));
      }
      JsonValue::Array example;
      for (const uint64_t value : answer.example) example.push_back(absl::StrFormat("0x%x", value));
      object.push_back({"when", answer.when.empty() ? JsonValue() : JsonValue(std::move(when))});
      object.push_back({"example", std::move(example)});
    }
    result.push_back(std::move(object));
  }
  return result;
}

JsonValue::Array AbisJson(const std::vector<Abi>& abis) {
  JsonValue::Array result;
  for (const Abi abi : abis) result.push_back(AbiName(abi));
  return result;
}

JsonValue::Array SightingsJson(const std::vector<Sighting>& sightings) {
  JsonValue::Array result;
  for (const Sighting& sighting : sightings) result.push_back(SightingJson(sighting));
  return result;
}

JsonValue EvidenceJson(const CallEvidence& evidence) {
  JsonValue::Object object = {{"origin", OriginName(evidence.origin)}};
  if (!evidence.spelling.empty()) object.push_back({"spelling_of", evidence.spelling});
  if (evidence.origin == Origin::kProgram) object.push_back({"new_program", evidence.new_program});
  if (!evidence.baseline.empty()) object.push_back({"baseline", EncodePercent(evidence.baseline)});
  JsonValue::Array closure;
  for (const ClosureReason& reason : evidence.closure) {
    closure.push_back(JsonValue::Object{{"rule", reason.rule}, {"because", reason.because}, {"reason", reason.reason}});
  }
  if (!closure.empty()) object.push_back({"closure", std::move(closure)});
  object.push_back({"before", SightingsJson(evidence.before)});
  object.push_back({"after", SightingsJson(evidence.after)});
  return object;
}

JsonValue CallJson(const DiffReport& report, const CallChange& change) {
  const std::string& name = change.names.front();
  const Risk risk = RiskBehind(change, report.risks);
  JsonValue::Object object = {{"name", name},
                              {"abis", AbisJson(change.abis)},
                              {"risk", RiskLevelName(risk.level)},
                              {"family", risk.family},
                              {"why", risk.why},
                              {"references", NameArray(risk.references)},
                              {"answers", AnswersJson(change.answers)}};
  if (const CallEvidence* const evidence = EvidenceFor(report, name)) {
    object.push_back({"evidence", EvidenceJson(*evidence)});
  }
  return object;
}

JsonValue::Array ManyJson(const std::vector<CallChange>& changes) {
  JsonValue::Array result;
  for (const CallChange& change : changes) {
    result.push_back(JsonValue::Object{{"abis", AbisJson(change.abis)},
                                       {"future", change.future},
                                       {"numbers", NumberRanges(change.abis.front(), change.numbers)},
                                       {"names", NameArray(change.names)},
                                       {"answers", AnswersJson(change.answers)}});
  }
  return result;
}

JsonValue EverythingJson(const std::optional<Action>& action) {
  return action.has_value() ? ActionJson(*action) : JsonValue();
}

}  // namespace

std::string DiffJson(const DiffReport& report) {
  const std::optional<RiskLevel> risk = LooserRisk(report.diff, report.risks);
  JsonValue::Array abis;
  for (const AbiChange& abi : report.diff.abis) {
    abis.push_back(JsonValue::Object{{"abi", AbiName(abi.abi)},
                                     {"before", EverythingJson(abi.before)},
                                     {"after", EverythingJson(abi.after)},
                                     {"changes", ManyJson(abi.changes)}});
  }
  JsonValue::Array calls;
  for (const CallChange& change : report.diff.calls) calls.push_back(CallJson(report, change));
  JsonValue::Array unclear;
  for (const UnclearCall& call : report.diff.unclear) {
    unclear.push_back(JsonValue::Object{{"abi", AbiName(call.id.abi)},
                                        {"number", static_cast<uint64_t>(call.id.nr)},
                                        {"why", EncodePercent(call.why)}});
  }
  JsonValue::Object object = {{"schema", kDiffSchema},
                              {"before", EncodePercent(report.before)},
                              {"after", EncodePercent(report.after)},
                              {"verdict", VerdictOf(report.diff)},
                              {"equal", report.diff.empty()},
                              {"risk", risk.has_value() ? JsonValue(RiskLevelName(*risk)) : JsonValue()},
                              {"abis", std::move(abis)},
                              {"default", ManyJson(report.diff.unnamed)},
                              {"calls", std::move(calls)},
                              {"unclear", std::move(unclear)}};
  if (report.evidence.has_value()) object.push_back({"evidence_complete", report.evidence->complete});
  return PrintJson(std::move(object), kReportJsonWidth);
}

}  // namespace syscarve
