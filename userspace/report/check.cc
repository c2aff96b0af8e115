// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/check.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/sighting.h"
#include "userspace/report/wording.h"
#include "userspace/review/incidence.h"

namespace syscarve {
namespace {

constexpr std::string_view kCheckSchema = "syscarve.check/1";

std::string AnswerWords(const std::vector<Action>& all) {
  std::vector<std::string> answers;
  for (const Action& answer : all) answers.push_back(ActionWords(answer));
  return absl::StrJoin(answers, " or ");
}

std::string CallLines(const CheckedCall& call, Abi native) {
  std::string text = Concat(DisplayName(call.id), call.by_runtime ? ", made by the container runtime" : "", "\n  ",
                            AnswerWords(call.answers), call.answers.size() > 1 ? ", by its arguments" : "", "\n");
  for (const Sighting& sighting : call.sightings) text += SightingLines(sighting, call.id.abi == native);
  return text;
}

std::string Calls(uint64_t count) {
  return Concat(count, count == 1 ? " call" : " calls");
}

// The outcome under the profile, as a sentence without its full stop.
std::string OutcomeWords(const CheckedRefusal& refused) {
  switch (refused.outcome) {
    case RefusedAgain::kAllowed:
      return "allowed: what follows it is not in the recording";
    case RefusedAgain::kDepends:
      return AnswerWords(refused.answers) + (refused.answers.size() > 1 ? ", by its arguments" : "");
    case RefusedAgain::kSame:
      return AnswerWords(refused.answers) + ", as while recording";
    case RefusedAgain::kHarmless:
      return Concat(AnswerWords(refused.answers), ", which has a known fallback: ", refused.call.probed_by);
    case RefusedAgain::kRefused:
      return AnswerWords(refused.answers) + ": no program was seen to go on from that";
    case RefusedAgain::kUnfiltered:
      return "this kernel applies no filter to it";
  }
  return "";
}

std::string CheckedRefusalLines(const CheckedRefusal& refused, Abi native) {
  std::string text = Concat(DisplayName(refused.id), "\n  ", OutcomeWords(refused), "\n");
  for (const Refusal& refusal : refused.call.refusals) text += RefusalLines(refusal, refused.id.abi == native);
  return text;
}

JsonValue::Array AnswersJson(const std::vector<Action>& all) {
  JsonValue::Array answers;
  for (const Action& answer : all) answers.push_back(ActionJson(answer));
  return answers;
}

JsonValue::Object EntryOf(SyscallId id) {
  JsonValue::Object entry;
  if (std::optional<std::string> name = SyscallName(id)) entry.push_back({"name", *std::move(name)});
  entry.push_back({"abi", AbiName(id.abi)});
  entry.push_back({"number", static_cast<uint64_t>(id.nr)});
  return entry;
}

JsonValue::Array RefusedBeforeJson(const std::vector<CheckedRefusal>& all) {
  JsonValue::Array result;
  for (const CheckedRefusal& refused : all) {
    JsonValue::Object entry = EntryOf(refused.id);
    entry.push_back({"outcome", RefusedAgainName(refused.outcome)});
    entry.push_back({"answers", AnswersJson(refused.answers)});
    if (!refused.call.probed_by.empty()) entry.push_back({"probed_by", refused.call.probed_by});
    JsonValue::Array refusals;
    for (const Refusal& refusal : refused.call.refusals) refusals.push_back(RefusalJson(refused.call, refusal));
    entry.push_back({"refused", std::move(refusals)});
    result.push_back(std::move(entry));
  }
  return result;
}

JsonValue::Array CallsJson(const std::vector<CheckedCall>& calls) {
  JsonValue::Array result;
  for (const CheckedCall& call : calls) {
    JsonValue::Object entry = EntryOf(call.id);
    entry.push_back({"by", call.by_runtime ? "runtime" : "program"});
    entry.push_back({"count", call.count()});
    entry.push_back({"answers", AnswersJson(call.answers)});
    JsonValue::Array seen;
    for (const Sighting& sighting : call.sightings) seen.push_back(SightingJson(sighting));
    entry.push_back({"seen", std::move(seen)});
    result.push_back(std::move(entry));
  }
  return result;
}

// Whether the runs, if they are fresh, are a proof.
bool IsClean(const CheckResult& result) {
  return result.complete && result.runs > 0 && !result.HasRefusals() && result.depends.empty();
}

}  // namespace

std::string CheckText(const CheckResult& result) {
  std::string text;
  if (!result.refused.empty()) {
    text += "would be refused\n\n";
    for (const CheckedCall& call : result.refused) text += CallLines(call, result.native_abi);
    text += "\n";
  }
  if (!result.depends.empty()) {
    text += "depends on arguments, or on who supervises\n\n";
    for (const CheckedCall& call : result.depends) text += CallLines(call, result.native_abi);
    text += "\n";
  }
  if (!result.refused_before.empty()) {
    text += "refused by a filter while recording; by this profile\n\n";
    for (const CheckedRefusal& call : result.refused_before) text += CheckedRefusalLines(call, result.native_abi);
    text += "\n";
  }
  text += Concat(Calls(result.checked), " checked: ", result.refused.size(), " would be refused, ",
                 result.depends.size(), " depend", result.depends.size() == 1 ? "s" : "", " on more than is known\n");
  if (IsClean(result)) {
    text += absl::StrFormat(
        "%d %s without a refusal: unless the profile was made of %s, at most %.2g %% of such runs would meet one (95 "
        "%%)\n",
        result.runs, result.runs == 1 ? "run" : "runs", result.runs == 1 ? "it" : "them",
        100 * LargestShareRefused(result.runs));
  }
  if (result.refused_before.empty()) return text;
  const auto missed = std::ranges::count(result.refused_before, RefusedAgain::kRefused, &CheckedRefusal::outcome);
  return text + Concat(Calls(result.refused_before.size()), " refused while recording: ", missed,
                       " would be refused and may be missed\n");
}

std::string CheckJson(const CheckResult& result) {
  JsonValue::Object object = {{"schema", kCheckSchema},
                              {"complete", result.complete},
                              {"runs", result.runs},
                              {"checked", result.checked},
                              {"refused", CallsJson(result.refused)},
                              {"depends", CallsJson(result.depends)},
                              {"refused_while_recording", RefusedBeforeJson(result.refused_before)}};
  if (IsClean(result)) {
    constexpr double kDigits = 1e6;
    object.push_back({"refused_share_at_most", std::ceil(LargestShareRefused(result.runs) * kDigits) / kDigits});
  }
  return PrintJson(object, kReportJsonWidth);
}

}  // namespace syscarve
