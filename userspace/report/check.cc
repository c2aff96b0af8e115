#include "userspace/report/check.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/strict_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/sighting.h"
#include "userspace/report/wording.h"

namespace syscarve {
namespace {

constexpr std::string_view kSchema = "syscarve.check/1";
constexpr size_t kWidth = 120;

std::string CallLines(const CheckedCall& call, Abi native) {
  std::vector<std::string> answers;
  for (const Action& answer : call.answers) answers.push_back(ActionWords(answer));
  std::string text = Concat(DisplayName(call.id), call.by_runtime ? ", made by the container runtime" : "", "\n  ",
                            absl::StrJoin(answers, " or "), call.answers.size() > 1 ? ", by its arguments" : "", "\n");
  for (const Sighting& sighting : call.sightings) text += SightingLines(sighting, call.id.abi == native);
  return text;
}

std::string Calls(uint64_t count) {
  return Concat(count, count == 1 ? " call" : " calls");
}

JsonValue::Array CallsJson(const std::vector<CheckedCall>& calls) {
  JsonValue::Array result;
  for (const CheckedCall& call : calls) {
    JsonValue::Object entry;
    if (std::optional<std::string> name = SyscallName(call.id)) entry.push_back({"name", *std::move(name)});
    entry.push_back({"abi", AbiName(call.id.abi)});
    entry.push_back({"number", static_cast<uint64_t>(call.id.nr)});
    entry.push_back({"by", call.by_runtime ? "runtime" : "program"});
    entry.push_back({"count", call.count()});
    JsonValue::Array answers;
    for (const Action& answer : call.answers) answers.push_back(ActionJson(answer));
    entry.push_back({"answers", std::move(answers)});
    JsonValue::Array seen;
    for (const Sighting& sighting : call.sightings) seen.push_back(SightingJson(sighting));
    entry.push_back({"seen", std::move(seen)});
    result.push_back(std::move(entry));
  }
  return result;
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
  return text + Concat(Calls(result.checked), " checked: ", result.refused.size(), " would be refused, ",
                       result.depends.size(), " depend", result.depends.size() == 1 ? "s" : "",
                       " on more than is known\n");
}

std::string CheckJson(const CheckResult& result) {
  return PrintJson(JsonValue::Object{{"schema", kSchema},
                                     {"complete", result.complete},
                                     {"checked", result.checked},
                                     {"refused", CallsJson(result.refused)},
                                     {"depends", CallsJson(result.depends)}},
                   kWidth);
}

}  // namespace syscarve
