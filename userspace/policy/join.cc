// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/join.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string_view>
#include <tuple>

#include "userspace/base/concat.h"
#include "userspace/base/saturating.h"

namespace syscarve {
namespace {

template <typename T>
void KeepLarger(const T& more, T& kept) {
  kept = std::max(kept, more);
}

void KeepEarlier(const std::optional<UnixNanos>& more, std::optional<UnixNanos>& kept) {
  if (more.has_value()) kept = std::min(kept.value_or(*more), *more);
}

uint64_t TotalOf(const Timeline& timeline) {
  uint64_t total = 0;
  for (const uint64_t count : timeline.counts) AddSaturating(count, total);
  return total;
}

// Two timelines of one run and subject are states of the same one; that with more calls is the later one.
void KeepLaterTimeline(const std::optional<Timeline>& more, std::optional<Timeline>& kept) {
  if (!more.has_value()) return;
  if (!kept.has_value() || std::pair(TotalOf(*kept), *kept) < std::pair(TotalOf(*more), *more)) kept = more;
}

using Counts = std::map<ProgramId, uint64_t>;
using Calls = std::map<SyscallId, Observation>;

void JoinCounts(const Counts& counts, const JoinedIds& ids, CountJoin how, Counts& kept) {
  // Counts of programs that became one are summed before they are compared with known ones: they are not copies.
  Counts sums;
  for (const auto& [program, count] : counts) {
    if (program >= ids.programs.size()) continue;
    AddSaturating(count, sums[ids.programs[program]]);
  }
  for (const auto& [program, count] : sums) JoinCount(how, count, kept[program]);
}

void JoinCalls(const Calls& calls, const JoinedIds& ids, CountJoin how, Calls& kept) {
  for (const auto& [id, more] : calls) {
    const auto [place, first] = kept.try_emplace(id);
    Observation& observation = place->second;
    KeepEarlier(more.first_seen, observation.first_seen);
    JoinCounts(more.programs, ids, how, observation.programs);
    std::optional<SeenArguments> arguments;
    if (more.arguments.has_value()) arguments = Renumbered(*more.arguments, ids.programs);
    JoinArguments(arguments, first, observation.arguments);
  }
}

void JoinDenials(const std::vector<Denial>& denials, const JoinedIds& ids, CountJoin how, std::vector<Denial>& kept) {
  for (const Denial& more : denials) {
    auto place = std::ranges::lower_bound(kept, more.errno_value, {}, &Denial::errno_value);
    if (place == kept.end() || place->errno_value != more.errno_value) {
      place = kept.insert(place, {.errno_value = more.errno_value});
    }
    JoinCounts(more.programs, ids, how, place->programs);
  }
}

void JoinChecks(const CapabilityChecks& more, CountJoin how, CapabilityChecks& kept) {
  JoinCount(how, more.granted, kept.granted);
  JoinCount(how, more.denied, kept.denied);
  for (const auto& [result, count] : more.results) {
    ResultCount& of_result = kept.results[result];
    JoinCount(how, count.count, of_result.count);
    JoinCount(how, count.ended, of_result.ended);
  }
}

void JoinTrace(const SubjectTrace& trace, const JoinedIds& ids, CountJoin how, SubjectTrace& kept) {
  JoinCalls(trace.calls, ids, how, kept.calls);
  JoinCalls(trace.runtime_calls, ids, how, kept.runtime_calls);
  JoinCalls(trace.baseline_calls, ids, how, kept.baseline_calls);
  for (const auto& [id, denials] : trace.denials) JoinDenials(denials, ids, how, kept.denials[id]);
  for (const auto& [capability, more] : trace.capabilities) {
    CapabilityUse& use = kept.capabilities[capability];
    for (const auto& [call, checks] : more.during) JoinChecks(checks, how, use.during[call]);
    for (const auto& [call, sites] : more.sites) {
      for (const auto& [site, checks] : sites) JoinChecks(checks, how, use.sites[call][site]);
    }
    JoinChecks(more.foreign, how, use.foreign);
  }
  if (how == CountJoin::kLarger) KeepLaterTimeline(trace.timeline, kept.timeline);
}

absl::Status SumOf(const Counts& programs, uint64_t& count) {
  count = 0;
  for (const auto& [program, of_program] : programs) {
    if (__builtin_add_overflow(count, of_program, &count)) {
      return absl::InvalidArgumentError("the counts of a call do not fit in 64 bits when they are put together");
    }
  }
  return absl::OkStatus();
}

absl::Status SumCounts(SubjectTrace& trace) {
  for (Calls* const calls : {&trace.calls, &trace.runtime_calls, &trace.baseline_calls}) {
    for (auto& [id, observation] : *calls) {
      SYSCARVE_RETURN_IF_ERROR(SumOf(observation.programs, observation.count));
    }
  }
  for (auto& [id, denials] : trace.denials) {
    for (Denial& denial : denials) SYSCARVE_RETURN_IF_ERROR(SumOf(denial.programs, denial.count));
  }
  return absl::OkStatus();
}

// A run in one recording.
struct RunPlace {
  size_t recording;
  size_t run;
};

// A run in all recordings.
struct RunPlaces {
  std::string_view id;
  UnixNanos start = UINT64_MAX;
  std::vector<RunPlace> places;
};

std::vector<RunPlaces> RunsInOrder(std::span<const Recording> recordings) {
  std::map<std::string_view, RunPlaces> by_id;
  for (size_t recording = 0; recording < recordings.size(); ++recording) {
    const RunList& runs = recordings[recording].runs;
    for (size_t i = 0; i < runs.size(); ++i) {
      const Run& head = runs.head(i);
      RunPlaces& run = by_id[head.id];
      run.id = head.id;
      run.start = std::min(run.start, head.start);
      run.places.push_back({recording, i});
    }
  }
  std::vector<RunPlaces> runs;
  for (auto& [id, run] : by_id) runs.push_back(std::move(run));
  std::ranges::stable_sort(runs, {}, [](const RunPlaces& run) { return std::tie(run.start, run.id); });
  return runs;
}

}  // namespace

void JoinCount(CountJoin how, uint64_t more, uint64_t& kept) {
  if (how == CountJoin::kLarger) {
    KeepLarger(more, kept);
  } else {
    AddSaturating(more, kept);
  }
}

void JoinRun(const Run& more, const JoinedIds& ids, CountJoin how, Run& kept) {
  if (how == CountJoin::kLarger) {
    KeepLarger(more.name, kept.name);
    KeepLarger(more.command, kept.command);
  }
  kept.start = std::min(kept.start, more.start);
  KeepLarger(more.end, kept.end);
  for (const auto& [subject, trace] : more.subjects) {
    if (subject < ids.subjects.size()) JoinTrace(trace, ids, how, kept.subjects[ids.subjects[subject]]);
  }
}

Subject WithoutEvidence(const Subject& subject) {
  Subject same = subject;
  same.life.reset();
  same.hardening.reset();
  return same;
}

void JoinLife(const Life& more, const JoinedIds& ids, CountJoin how, Life& kept) {
  Life renumbered = more;
  renumbered.catches.clear();
  for (const auto& [program, signals] : more.catches) {
    if (program < ids.programs.size()) renumbered.catches[ids.programs[program]] |= signals;
  }
  const auto larger = [](uint64_t count, uint64_t known) { return std::max(count, known); };
  if (how == CountJoin::kLarger) {
    JoinLife(renumbered, +larger, kept);
  } else {
    JoinLife(renumbered, SumSaturating, kept);
  }
}

void JoinHardening(const HardeningEvidence& more, const JoinedIds& ids, HardeningEvidence& kept) {
  JoinHardening(Renumbered(more, ids.programs), kept);
}

absl::Status SumCounts(Run& run) {
  for (auto& [subject, trace] : run.subjects) {
    const absl::Status summed = SumCounts(trace);
    if (!summed.ok()) return Annotate(summed, Concat("run ", run.id));
  }
  return absl::OkStatus();
}

absl::Status ForEachJoinedRun(std::span<const Recording> recordings,
                              absl::FunctionRef<absl::Status(const Recording& whole, const Run& run)> visit) {
  Interner<Program> programs;
  Interner<Subject> subjects;
  std::vector<JoinedIds> ids;
  for (const Recording& recording : recordings) {
    JoinedIds of_recording;
    for (const Program& program : recording.programs) of_recording.programs.push_back(programs.Id(program));
    for (const Subject& subject : recording.subjects)
      of_recording.subjects.push_back(subjects.Id(WithoutEvidence(subject)));
    ids.push_back(std::move(of_recording));
  }
  Interner<Program>::Sorted sorted_programs = programs.InOrder();
  Interner<Subject>::Sorted sorted_subjects = subjects.InOrder();
  for (JoinedIds& of_recording : ids) {
    for (ProgramId& program : of_recording.programs) program = sorted_programs.place_of[program];
    for (SubjectId& subject : of_recording.subjects) subject = sorted_subjects.place_of[subject];
  }
  Recording whole;
  whole.programs = std::move(sorted_programs.things);
  whole.subjects = std::move(sorted_subjects.things);
  for (const RunPlaces& run : RunsInOrder(recordings)) {
    Run joined = {.id = std::string(run.id), .start = run.start};
    for (const RunPlace& place : run.places) {
      JoinRun(recordings[place.recording].runs[place.run], ids[place.recording], CountJoin::kLarger, joined);
    }
    SYSCARVE_RETURN_IF_ERROR(SumCounts(joined));
    SYSCARVE_RETURN_IF_ERROR(visit(whole, joined));
  }
  return absl::OkStatus();
}

}  // namespace syscarve
