// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/exercise.h"

#include <algorithm>
#include <csignal>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/quote.h"
#include "userspace/base/saturating.h"

namespace syscarve {
namespace {

// All subjects of one name.
struct Group {
  SubjectKind kind = SubjectKind::kCommand;
  std::string container;  // The name of one of them, or its id; "" if no engine reported it.
  int stop_signal = SIGTERM;
  bool health_check = false;
  bool unknown = false;  // At least one subject has no life.
  std::optional<Life> life;
  bool restarted = false;
  std::vector<std::pair<UnixNanos, UnixNanos>> lives;  // Start and end of each ended life.
  std::vector<UnixNanos> starts;
};

bool IsStopSignal(int signal, int stop_signal) {
  return signal == stop_signal || (signal != 0 && HasSignal(SetOf(StopSignals()), signal));
}

bool WasTaken(const Life& life, int signal) {
  return std::ranges::any_of(life.signals, [signal](const auto& entry) {
    const SignalUse& use = entry.first;
    return use.signal == signal && (use.outcome == SignalOutcome::kHandled || use.outcome == SignalOutcome::kWaited);
  });
}

SignalSet Caught(const Life& life) {
  SignalSet caught = 0;
  for (const auto& [program, signals] : life.catches) caught |= signals;
  return caught;
}

// Whether every life ended by itself, without a request: a command, a job.
bool EndedByItself(const Life& life, int stop_signal) {
  return !life.ends.empty() && std::ranges::all_of(life.ends, [stop_signal](const LifeEnd& end) {
    return end.kind == EndKind::kExited && !IsStopSignal(end.taken, stop_signal);
  });
}

std::string HowItEnded(const Life& life) {
  if (life.ends.empty()) return "did not end";
  const LifeEnd& end = *life.ends.rbegin();
  switch (end.kind) {
    case EndKind::kRunning:
      return "still ran when the recording ended";
    case EndKind::kKilled:
      if (end.signal == SIGKILL) return "was killed";
      return IsCrash(end.signal) ? Concat("crashed (", SignalName(end.signal), ")")
                                 : Concat("was ended by ", SignalName(end.signal));
    case EndKind::kExited:
      break;
  }
  return "ended by itself";
}

// The recorder's option, and the engine's command if there is an engine.
std::string Remedy(const Group& group, std::string_view engine_words, std::string_view exercise) {
  if (group.kind != SubjectKind::kContainer) return Concat("record --exercise ", exercise);
  const std::string name = group.container.empty() ? "CONTAINER" : QuoteForShell(group.container);
  return Concat("docker ", engine_words, " ", name, " while it is recorded, or record --docker --exercise ", exercise);
}

std::string StopRemedy(const Group& group) {
  if (group.kind == SubjectKind::kContainer) return Remedy(group, "stop", "stop");
  if (group.kind == SubjectKind::kCommand) return "record --exercise stop";
  return "stop it while it is recorded";
}

std::string ReloadRemedy(const Group& group, SignalSet signals) {
  const std::string first = SignalName(SignalsOf(signals).front()).substr(3);
  if (group.kind == SubjectKind::kContainer) return Remedy(group, Concat("kill --signal ", first), "reload");
  if (group.kind == SubjectKind::kCommand) return "record --exercise reload";
  return Concat("kill -", first, " its process while it is recorded");
}

void AddGaps(const Group& group, std::vector<Gap>& gaps) {
  if (!group.life.has_value()) {
    if (group.unknown && group.kind == SubjectKind::kContainer) {
      gaps.push_back(
          {.kind = GapKind::kNotKnown,
           .words =
               "how it stopped, and which signals it was sent, is not known: an older version of syscarve recorded it",
           .remedy = ""});
    }
    return;
  }
  const Life& life = *group.life;
  if (EndedByItself(life, group.stop_signal) && life.restarts == 0) return;
  if (!ShowsStop(life, group.stop_signal)) {
    gaps.push_back({.kind = GapKind::kStop,
                    .words = Concat("stops: ", HowItEnded(life), ", how it stops was not recorded"),
                    .remedy = StopRemedy(group)});
  }
  if (!life.watched) return;
  if (const SignalSet unsent = ReloadSignalsOf(life, group.stop_signal, /*unsent_only=*/true); unsent != 0) {
    gaps.push_back({.kind = GapKind::kReload,
                    .words = Concat("catches ", SignalNames(unsent), ": never sent"),
                    .remedy = ReloadRemedy(group, unsent)});
  }
  if (group.kind != SubjectKind::kContainer) return;
  if (life.joined == 0 && group.health_check) {
    gaps.push_back(
        {.kind = GapKind::kHealth,
         .words = "its health check never ran",
         .remedy =
             "record for longer than its interval, record --docker --exercise health, or generate --with health"});
  } else if (life.joined == 0) {
    gaps.push_back({.kind = GapKind::kExec, .words = "no exec session", .remedy = Remedy(group, "exec", "exec")});
    if (!group.container.empty()) {
      gaps.back().remedy =
          Concat("docker exec ", QuoteForShell(group.container),
                 " sh -c true while it is recorded, record --docker --exercise exec, or generate --with exec");
    }
  }
  if (life.restarts == 0 && !group.restarted) {
    gaps.push_back({.kind = GapKind::kRestart,
                    .words = "never restarted on its data",
                    .remedy = Remedy(group, "restart", "restart")});
  }
}

void AddSubject(const Subject& subject, Group& group) {
  group.kind = subject.kind;
  if (subject.container.has_value()) {
    const Container& container = *subject.container;
    if (group.container.empty()) group.container = container.name.empty() ? container.id : container.name;
    group.stop_signal = StopSignalOf(container);
    group.health_check |= container.health_check.value_or(false);
  }
  if (!subject.life.has_value()) {
    group.unknown = true;
    return;
  }
  Life life = *subject.life;
  // Program ids are specific to a recording. They are no longer needed: from here on only the set of caught signals
  // counts.
  SignalSet caught = 0;
  for (const auto& [program, signals] : life.catches) {
    if (!CatchesEverything(signals)) caught |= signals;
  }
  life.catches.clear();
  if (caught != 0) life.catches[0] = caught;
  if (!group.life.has_value()) group.life.emplace();
  JoinLife(life, SumSaturating, *group.life);
  if (!life.started.has_value()) return;
  group.starts.push_back(*life.started);
  if (life.ended.has_value()) group.lives.emplace_back(*life.started, *life.ended);
}

}  // namespace

int StopSignalOf(const Container& container) {
  return SignalFromText(container.stop_signal).value_or(SIGTERM);
}

SignalSet ReloadSignalsOf(const Life& life, int stop_signal, bool unsent_only) {
  SignalSet caught = 0;
  for (const auto& [program, signals] : life.catches) {
    if (!CatchesEverything(signals)) caught |= signals;
  }
  caught &= SetOf(ReloadSignals()) & ~SignalBit(stop_signal) & (life.first_catches | life.first_blocks);
  if (!unsent_only) return caught;
  for (const int signal : SignalsOf(caught)) {
    if (WasTaken(life, signal)) caught &= ~SignalBit(signal);
  }
  return caught;
}

bool ShowsStop(const Life& life, int stop_signal) {
  const SignalSet asks = SetOf(StopSignals()) | SignalBit(stop_signal);
  for (const LifeEnd& end : life.ends) {
    if (end.kind == EndKind::kExited && IsStopSignal(end.taken, stop_signal)) return true;
    // The signal's default action: the process has no part in it.
    if (end.kind == EndKind::kKilled && IsStopSignal(end.signal, stop_signal)) return true;
  }
  if (!life.watched) return false;
  if (((Caught(life) | life.first_catches | life.first_blocks) & asks) == 0) return !life.ends.empty();
  bool ignored = false;
  bool taken = false;
  for (const auto& [use, count] : life.signals) {
    if (!HasSignal(asks, use.signal)) continue;
    const bool listened = use.outcome == SignalOutcome::kHandled || use.outcome == SignalOutcome::kWaited;
    ignored |= use.outcome == SignalOutcome::kIgnored && use.origin == SignalOrigin::kOutside;
    taken |= listened;
  }
  // For a subject without a known first process, such as a cgroup, a signal that was taken is the only evidence.
  return (ignored && !taken) || (taken && life.ends.empty());
}

std::vector<Gap> FindGaps(std::span<const Recording> recordings) {
  std::map<std::string, Group> groups;
  for (const Recording& recording : recordings) {
    // Logs of other tools do not contain it.
    if (recording.method.backend != "bpf" && recording.method.backend != "notify") continue;
    for (const Subject& subject : recording.subjects) AddSubject(subject, groups[subject.name]);
  }
  std::map<std::string, std::vector<Gap>> found;
  for (auto& [name, group] : groups) {
    for (const auto& life : group.lives) {
      group.restarted |= std::ranges::any_of(
          group.starts, [&life](UnixNanos start) { return start >= life.second && start > life.first; });
    }
    AddGaps(group, found[name]);
    if (found[name].empty()) found.erase(name);
  }
  std::vector<Gap> gaps;
  for (auto& [name, of_name] : found) {
    for (Gap& gap : of_name) {
      if (found.size() > 1) gap.words = Concat(name, ": ", gap.words);
      gaps.push_back(std::move(gap));
    }
  }
  return gaps;
}

std::string GapLine(const Gap& gap) {
  return gap.remedy.empty() ? gap.words : Concat(gap.words, ": ", gap.remedy);
}

}  // namespace syscarve
