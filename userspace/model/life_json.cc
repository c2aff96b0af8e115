// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/life_json.h"

#include <string>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/recording_json_fields.h"

namespace syscarve {
namespace {

using recording_json::kMaxElements;
using recording_json::kMaxWordBytes;
using recording_json::ReadWord;

constexpr uint64_t kMaxStatus = 255;

JsonValue NamesToJson(SignalSet signals) {
  JsonValue::Array names;
  for (const int signal : SignalsOf(signals)) names.emplace_back(SignalName(signal));
  return names;
}

JsonValue EndToJson(const LifeEnd& end) {
  JsonValue::Object object = {{"how", EndKindName(end.kind)}};
  if (end.kind == EndKind::kExited) object.push_back({"status", end.status});
  if (end.kind == EndKind::kKilled) object.push_back({"signal", SignalName(end.signal)});
  if (end.taken != 0) object.push_back({"taken", SignalName(end.taken)});
  return object;
}

int ReadSignal(const JsonReader& reader) {
  const std::string name = reader.Text(kMaxWordBytes);
  const std::optional<int> signal = SignalFromName(name);
  if (!signal.has_value()) reader.Fail(Concat("\"", EscapeForTerminal(name), "\" is no signal"));
  return signal.value_or(1);
}

SignalSet ReadSignals(const JsonReader& reader) {
  SignalSet signals = 0;
  reader.ForEach(kMaxElements, [&signals](const JsonReader& element) {
    const int signal = ReadSignal(element);
    if (signals >= SignalBit(signal)) element.Fail("the signals are not ascending");
    signals |= SignalBit(signal);
  });
  return signals;
}

LifeEnd ReadEnd(const JsonReader& entry) {
  entry.AllowOnly({"how", "status", "signal", "taken"});
  LifeEnd end = {.kind = ReadWord(entry.Required("how"), EndKindFromName)};
  const JsonReader status = entry.Optional("status");
  const JsonReader signal = entry.Optional("signal");
  if (end.kind == EndKind::kExited) end.status = static_cast<int>(entry.Required("status").Uint(0, kMaxStatus));
  if (end.kind == EndKind::kKilled) end.signal = ReadSignal(entry.Required("signal"));
  if (status.exists() && end.kind != EndKind::kExited) status.Fail("only what exited has one");
  if (signal.exists() && end.kind != EndKind::kKilled) signal.Fail("only what was killed has one");
  if (const JsonReader taken = entry.Optional("taken"); taken.exists()) end.taken = ReadSignal(taken);
  return end;
}

}  // namespace

JsonValue LifeToJson(const Life& life) {
  JsonValue::Object object = {{"start_seen", life.start_seen}};
  if (life.started.has_value()) object.push_back({"started", *life.started});
  if (life.ended.has_value()) object.push_back({"ended", *life.ended});
  JsonValue::Array ends;
  for (const LifeEnd& end : life.ends) ends.push_back(EndToJson(end));
  object.push_back({"ends", std::move(ends)});
  if (!life.watched) return object;
  JsonValue::Array signals;
  for (const auto& [use, count] : life.signals) {
    signals.emplace_back(JsonValue::Object{{"signal", SignalName(use.signal)},
                                           {"outcome", SignalOutcomeName(use.outcome)},
                                           {"origin", SignalOriginName(use.origin)},
                                           {"count", count}});
  }
  JsonValue::Array catches;
  for (const auto& [program, caught] : life.catches) {
    catches.emplace_back(JsonValue::Object{{"program", program}, {"signals", NamesToJson(caught)}});
  }
  object.push_back({"watched", JsonValue::Object{{"signals", std::move(signals)},
                                                 {"catches", std::move(catches)},
                                                 {"first_catches", NamesToJson(life.first_catches)},
                                                 {"first_blocks", NamesToJson(life.first_blocks)},
                                                 {"died_of", NamesToJson(life.died_of)},
                                                 {"joined", life.joined},
                                                 {"restarts", life.restarts}}});
  return object;
}

Life ReadLife(const JsonReader& reader, size_t program_count) {
  reader.AllowOnly({"start_seen", "started", "ended", "ends", "watched"});
  Life life = {.start_seen = reader.Required("start_seen").Bool()};
  if (const JsonReader started = reader.Optional("started"); started.exists()) life.started = started.Uint();
  if (const JsonReader ended = reader.Optional("ended"); ended.exists()) life.ended = ended.Uint();
  reader.Required("ends").ForEach(kMaxElements, [&life](const JsonReader& entry) {
    if (!life.ends.insert(ReadEnd(entry)).second) entry.Fail("repeats an earlier entry");
  });
  const JsonReader watched = reader.Optional("watched");
  if (!watched.exists()) return life;
  life.watched = true;
  watched.AllowOnly({"signals", "catches", "first_catches", "first_blocks", "died_of", "joined", "restarts"});
  watched.Required("signals").ForEach(kMaxElements, [&life](const JsonReader& entry) {
    entry.AllowOnly({"signal", "outcome", "origin", "count"});
    const SignalUse use = {.signal = ReadSignal(entry.Required("signal")),
                           .outcome = ReadWord(entry.Required("outcome"), SignalOutcomeFromName),
                           .origin = ReadWord(entry.Required("origin"), SignalOriginFromName)};
    if (!life.signals.emplace(use, entry.Required("count").Uint(1)).second) entry.Fail("repeats an earlier entry");
  });
  watched.Required("catches").ForEach(kMaxElements, [&](const JsonReader& entry) {
    entry.AllowOnly({"program", "signals"});
    const JsonReader program = entry.Required("program");
    const uint64_t id = program.Uint();
    if (id >= program_count) return program.Fail("no program has this id");
    const SignalSet signals = ReadSignals(entry.Required("signals"));
    if (!life.catches.emplace(static_cast<ProgramId>(id), signals).second) entry.Fail("repeats an earlier entry");
  });
  life.first_catches = ReadSignals(watched.Required("first_catches"));
  life.first_blocks = ReadSignals(watched.Required("first_blocks"));
  life.died_of = ReadSignals(watched.Required("died_of"));
  life.joined = watched.Required("joined").Uint();
  life.restarts = watched.Required("restarts").Uint();
  return life;
}

}  // namespace syscarve
