// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/sighting.h"

#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/sentence.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/wording.h"

namespace syscarve {

namespace {

std::string WhereWords(const Sighting& sighting) {
  if (sighting.rest > 0) return Concat(" in further ", sighting.rest, " traces of runs");
  return Concat(" in run ", Quoted(sighting.run_name), " by ", Quoted(sighting.subject));
}

// `what`, the count, the run, the subject and programs.
std::string Lines(std::string_view what, const Sighting& sighting, bool native) {
  std::string text = Concat("  ", what, " ", Times(sighting.count),
                            native ? std::string() : Concat(" as ", DisplayName(sighting.id)), WhereWords(sighting));
  if (sighting.after_start_nanos.has_value()) text += Concat(", first after ", Seconds(*sighting.after_start_nanos));
  text += "\n";
  for (const auto& [program, count] : sighting.programs) {
    const std::string path =
        program.path.empty() ? "a program whose path is not known" : EscapeForTerminal(ProgramLabel(program));
    text += Concat("    ", Times(count), " by ", path, "\n");
  }
  return text;
}

void AddSighting(const Sighting& sighting, JsonValue::Object& result) {
  if (sighting.rest > 0) {
    result.push_back({"further_traces", sighting.rest});
  } else {
    result.push_back({"run", EncodePercent(sighting.run_name)});
    result.push_back({"run_id", sighting.run_id});
    result.push_back({"subject", EncodePercent(sighting.subject)});
  }
  result.push_back({"abi", AbiName(sighting.id.abi)});
  result.push_back({"number", static_cast<uint64_t>(sighting.id.nr)});
  result.push_back({"count", sighting.count});
  if (sighting.after_start_nanos.has_value()) result.push_back({"first_seen_after_ns", *sighting.after_start_nanos});
  JsonValue::Array programs;
  for (const auto& [program, count] : sighting.programs) {
    JsonValue::Object entry;
    entry.push_back({"path", EncodePercent(program.path)});
    if (PathIsCut(program)) {
      entry.push_back({"path_cut", true});
      entry.push_back({"device", program.device});
      entry.push_back({"inode", program.inode});
    }
    entry.push_back({"count", count});
    programs.push_back(std::move(entry));
  }
  result.push_back({"programs", std::move(programs)});
}

std::string_view OutcomeWord(int answer) {
  if (answer > 0) return "errno";
  if (answer == 0) return "killed";
  return answer == kDenialTrapped ? "trapped" : "answered";
}

}  // namespace

std::string SightingLines(const Sighting& sighting, bool native) {
  return Lines("seen", sighting, native);
}

std::string RefusalLines(const Refusal& refusal, bool native) {
  return Lines(Concat("refused by a filter already in force (", DenialWords(refusal.answer), ")"), refusal.sighting,
               native);
}

JsonValue SightingJson(const Sighting& sighting) {
  JsonValue::Object result;
  AddSighting(sighting, result);
  return result;
}

JsonValue RefusalJson(const RefusedCall& call, const Refusal& refusal) {
  JsonValue::Object result;
  result.push_back({"outcome", OutcomeWord(refusal.answer)});
  if (refusal.answer > 0) result.push_back({"errno", ErrnoWords(refusal.answer)});
  result.push_back({"harmless", call.IsHarmless(refusal)});
  AddSighting(refusal.sighting, result);
  return result;
}

}  // namespace syscarve
