// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/merge.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/hash.h"
#include "userspace/base/saturating.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/recording_words.h"

namespace syscarve {
namespace {

constexpr size_t kMaxThings = size_t{1} << 20;  // Programs, subjects: far less than a file has room for.

// Versions in the order in which people count them, 6.2 before 6.18; different ones never compare as equal.
bool IsOlder(const std::string& a, const std::string& b) {
  const int order = strverscmp(a.c_str(), b.c_str());
  return order != 0 ? order < 0 : a < b;
}

void KeepOlder(const std::string& more, std::string& kept, bool& differ) {
  if (more == kept) return;
  differ = true;
  if (IsOlder(more, kept)) kept = more;
}

// Of two words the larger, in which `ignored` has no say.
std::string LargerWord(const std::string& a, const std::string& b, std::string_view ignored) {
  if (a == ignored) return b;
  if (b == ignored) return a;
  return std::max(a, b);
}

template <typename T>
void KeepLarger(const T& more, T& kept) {
  kept = std::max(kept, more);
}

void KeepEarlier(const std::optional<UnixNanos>& more, std::optional<UnixNanos>& kept) {
  if (more.has_value()) kept = std::min(kept.value_or(*more), *more);
}

void AddValues(const ValueSet& more, ValueSet& kept) {
  std::vector<uint64_t> both;
  std::set_union(kept.values.begin(), kept.values.end(), more.values.begin(), more.values.end(),
                 std::back_inserter(both));
  kept.values = std::move(both);
  kept.truncated |= more.truncated;
}

uint64_t TotalOf(const Timeline& timeline) {
  uint64_t total = 0;
  for (const uint64_t count : timeline.counts) AddSaturating(count, total);
  return total;
}

// Two timelines of one run and subject are states of one; that with more calls is the later one.
void KeepLaterTimeline(const std::optional<Timeline>& more, std::optional<Timeline>& kept) {
  if (!more.has_value()) return;
  if (!kept.has_value() || std::pair(TotalOf(*kept), *kept) < std::pair(TotalOf(*more), *more)) kept = more;
}

// 64 bits of which every one depends on every bit of `text` (FNV-1a, then splitmix64's last steps).
uint64_t Mix(std::string_view text, uint64_t seed) {
  uint64_t hash = Fnv1a(text, kFnvBasis ^ seed);
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

// Without what differs from one start of the same thing to the next. The end of a path does not tell a program from
// others.
Program Squashed(const Program& program) {
  return PathIsCut(program) ? program : Program{.path = program.path};
}

Subject Squashed(const Subject& subject) {
  Subject squashed = subject;
  squashed.cgroup.clear();
  if (squashed.container.has_value()) {
    squashed.container->id.clear();
    squashed.container->name.clear();
    std::erase_if(squashed.container->labels, [](const auto& label) {
      return label.first != kComposeProjectLabel && label.first != kComposeServiceLabel;
    });
  }
  return squashed;
}

absl::Status SumCounts(const std::map<ProgramId, uint64_t>& programs, uint64_t& count) {
  count = 0;
  for (const auto& [program, of_program] : programs) {
    if (__builtin_add_overflow(count, of_program, &count)) {
      return absl::InvalidArgumentError("the counts of a call do not fit in 64 bits when they are put together");
    }
  }
  return absl::OkStatus();
}

std::map<ProgramId, uint64_t> Renumbered(const std::map<ProgramId, uint64_t>& counts,
                                         const std::vector<ProgramId>& programs) {
  std::map<ProgramId, uint64_t> renumbered;
  for (const auto& [program, count] : counts) renumbered[programs[program]] = count;
  return renumbered;
}

absl::Status FinishCalls(const std::vector<ProgramId>& programs, std::map<SyscallId, Observation>& calls) {
  for (auto& [id, observation] : calls) {
    observation.programs = Renumbered(observation.programs, programs);
    SYSCARVE_RETURN_IF_ERROR(SumCounts(observation.programs, observation.count));
  }
  return absl::OkStatus();
}

absl::StatusOr<SubjectTrace> Finished(const SubjectTrace& trace, const std::vector<ProgramId>& programs) {
  SubjectTrace finished = trace;
  SYSCARVE_RETURN_IF_ERROR(FinishCalls(programs, finished.calls));
  SYSCARVE_RETURN_IF_ERROR(FinishCalls(programs, finished.runtime_calls));
  SYSCARVE_RETURN_IF_ERROR(FinishCalls(programs, finished.baseline_calls));
  for (auto& [id, denials] : finished.denials) {
    for (Denial& denial : denials) {
      denial.programs = Renumbered(denial.programs, programs);
      SYSCARVE_RETURN_IF_ERROR(SumCounts(denial.programs, denial.count));
    }
  }
  return finished;
}

absl::StatusOr<Run> Finished(const Run& run, const std::vector<ProgramId>& programs,
                             const std::vector<SubjectId>& subjects) {
  Run finished = {.id = run.id, .name = run.name, .start = run.start, .end = run.end, .command = run.command};
  for (const auto& [subject, trace] : run.subjects) {
    absl::StatusOr<SubjectTrace> finished_trace = Finished(trace, programs);
    if (!finished_trace.ok()) return Annotate(finished_trace.status(), Concat("run ", run.id));
    finished.subjects[subjects[subject]] = *std::move(finished_trace);
  }
  return finished;
}

// The things in ascending order, and where each id of arrival went.
template <typename Thing>
std::vector<Thing> Sorted(const std::map<Thing, uint32_t>& things, std::vector<uint32_t>& place_of) {
  std::vector<Thing> sorted;
  place_of.resize(things.size());
  for (const auto& [thing, id] : things) {
    place_of[id] = static_cast<uint32_t>(sorted.size());
    sorted.push_back(thing);
  }
  return sorted;
}

}  // namespace

ProgramId RecordingMerger::Intern(Program program) {
  return programs_.try_emplace(std::move(program), static_cast<ProgramId>(programs_.size())).first->second;
}

SubjectId RecordingMerger::Intern(Subject subject) {
  subject.life.reset();
  return subjects_.try_emplace(std::move(subject), static_cast<SubjectId>(subjects_.size())).first->second;
}

void RecordingMerger::AddLife(const Life& life, const std::vector<ProgramId>& programs, SubjectId subject) {
  Life more = life;
  more.catches.clear();
  for (const auto& [program, signals] : life.catches) {
    if (program < programs.size()) more.catches[programs[program]] |= signals;
  }
  const auto sum = [](uint64_t count, uint64_t kept) {
    AddSaturating(count, kept);
    return kept;
  };
  const auto larger = [](uint64_t count, uint64_t kept) { return std::max(count, kept); };
  if (options_.squash.has_value()) {
    JoinLife(more, +sum, lives_[subject]);
  } else {
    JoinLife(more, +larger, lives_[subject]);
  }
}

void RecordingMerger::AddHostAndMethod(const Recording& recording) {
  Method method = recording.method;
  if (options_.squash.has_value()) method.events = "first";  // Without timelines it is no more.
  if (!host_.has_value()) {
    host_ = recording.host;
    method_ = std::move(method);
    return;
  }
  KeepOlder(recording.host.kernel, host_->kernel, kernels_differ_);
  KeepOlder(recording.host.libseccomp, host_->libseccomp, libseccomps_differ_);
  if (method != method_) methods_differ_ = true;
  method_.backend = std::max(method_.backend, method.backend);
  method_.events = std::max(method_.events, method.events);
  // Whether there are verdicts on capabilities hangs on this word: where any recording has seen checks, there are.
  method_.capabilities = LargerWord(method_.capabilities, method.capabilities, "none");
  method_.denials = std::min(method_.denials, method.denials);
  method_.attach = LargerWord(method_.attach, method.attach, "");
}

void RecordingMerger::AddLoss(const Loss& loss) {
  if (!options_.squash.has_value()) {
    losses_.insert(loss);
    return;
  }
  Loss sum = loss;
  sum.detail = "Summed over the recordings that were squashed into one run.";
  const auto same = std::ranges::find_if(
      losses_, [&](const Loss& other) { return other.what == loss.what && other.missed_calls == loss.missed_calls; });
  if (same != losses_.end()) {
    AddCount(same->count, sum.count);
    losses_.erase(same);
  }
  losses_.insert(std::move(sum));
}

void RecordingMerger::AddCount(uint64_t more, uint64_t& kept) const {
  if (!options_.squash.has_value()) {
    kept = std::max(kept, more);
  } else {
    AddSaturating(more, kept);
  }
}

void RecordingMerger::AddCounts(const std::map<ProgramId, uint64_t>& counts, const std::vector<ProgramId>& programs,
                                std::map<ProgramId, uint64_t>& kept) const {
  // Programs that have become one are summed before they are compared with what is known: they are no copies.
  std::map<ProgramId, uint64_t> sums;
  for (const auto& [program, count] : counts) {
    if (program >= programs.size()) continue;
    AddSaturating(count, sums[programs[program]]);
  }
  for (const auto& [program, count] : sums) {
    AddCount(count, kept[program]);
  }
}

void RecordingMerger::AddCalls(const Calls& calls, const std::vector<ProgramId>& programs, Calls& kept) const {
  for (const auto& [id, more] : calls) {
    Observation& observation = kept[id];
    KeepEarlier(more.first_seen, observation.first_seen);
    AddCounts(more.programs, programs, observation.programs);
    for (const auto& [index, values] : more.arguments) AddValues(values, observation.arguments[index]);
  }
}

void RecordingMerger::AddTrace(const SubjectTrace& trace, const std::vector<ProgramId>& programs,
                               SubjectTrace& kept) const {
  AddCalls(trace.calls, programs, kept.calls);
  AddCalls(trace.runtime_calls, programs, kept.runtime_calls);
  AddCalls(trace.baseline_calls, programs, kept.baseline_calls);
  for (const auto& [id, denials] : trace.denials) {
    std::vector<Denial>& known = kept.denials[id];
    for (const Denial& more : denials) {
      auto place = std::ranges::lower_bound(known, more.errno_value, {}, &Denial::errno_value);
      if (place == known.end() || place->errno_value != more.errno_value) {
        place = known.insert(place, {.errno_value = more.errno_value});
      }
      AddCounts(more.programs, programs, place->programs);
    }
  }
  for (const auto& [capability, more] : trace.capabilities) {
    CapabilityUse& use = kept.capabilities[capability];
    for (const auto& [call, checks] : more.during) {
      CapabilityChecks& kept_checks = use.during[call];
      AddCount(checks.granted, kept_checks.granted);
      AddCount(checks.denied, kept_checks.denied);
    }
    AddCount(more.foreign.granted, use.foreign.granted);
    AddCount(more.foreign.denied, use.foreign.denied);
  }
  if (!options_.squash.has_value()) KeepLaterTimeline(trace.timeline, kept.timeline);
}

void RecordingMerger::AddRun(const Run& run, const std::vector<ProgramId>& programs,
                             const std::vector<SubjectId>& subjects) {
  const Run fresh = {.id = run.id, .start = run.start};
  if (options_.squash.has_value()) {
    if (!squashed_.has_value()) squashed_ = fresh;
    squashed_id_[0] += Mix(run.id, 0);
    squashed_id_[1] += Mix(run.id, 0x9e3779b97f4a7c15);
    return AddToRun(run, programs, subjects, *squashed_);
  }
  const auto [place, added] = places_.try_emplace(run.id, runs_.size());
  if (!added) {
    return runs_.Update(place->second, [&](Run& kept) { AddToRun(run, programs, subjects, kept); });
  }
  Run kept = fresh;
  AddToRun(run, programs, subjects, kept);
  runs_.push_back(kept);
}

void RecordingMerger::AddToRun(const Run& run, const std::vector<ProgramId>& programs,
                               const std::vector<SubjectId>& subjects, Run& kept) const {
  if (options_.squash.has_value()) {
    kept.name = *options_.squash;
  } else {
    KeepLarger(run.name, kept.name);
    KeepLarger(run.command, kept.command);
  }
  kept.start = std::min(kept.start, run.start);
  KeepLarger(run.end, kept.end);
  for (const auto& [subject, trace] : run.subjects) {
    if (subject >= subjects.size()) continue;
    AddTrace(trace, programs, kept.subjects[subjects[subject]]);
  }
}

absl::Status RecordingMerger::Add(const Recording& recording) {
  if (host_.has_value() && host_->native_abi != recording.host.native_abi) {
    return absl::InvalidArgumentError(Concat("the recordings are of different architectures (",
                                             AbiName(host_->native_abi), " and ", AbiName(recording.host.native_abi),
                                             ")"));
  }
  AddHostAndMethod(recording);
  const bool squash = options_.squash.has_value();
  std::vector<ProgramId> programs;
  for (const Program& program : recording.programs) programs.push_back(Intern(squash ? Squashed(program) : program));
  std::vector<SubjectId> subjects;
  for (const Subject& subject : recording.subjects) {
    subjects.push_back(Intern(squash ? Squashed(subject) : subject));
    if (subject.life.has_value()) AddLife(*subject.life, programs, subjects.back());
  }
  for (const Loss& loss : recording.losses) AddLoss(loss);
  for (const Run& run : recording.runs) AddRun(run, programs, subjects);
  const bool fits =
      runs_.text_bytes() <= options_.max_bytes && programs_.size() <= kMaxThings && subjects_.size() <= kMaxThings;
  if (fits) return absl::OkStatus();
  const absl::Status too_much =
      absl::ResourceExhaustedError("the recordings together are more than one recording file can hold");
  return squash ? too_much : WithHint(too_much, "Make one run of all with --squash NAME.");
}

absl::StatusOr<Recording> RecordingMerger::Result() const {
  if (!host_.has_value()) return absl::InvalidArgumentError("there is no recording to merge");
  Recording result;
  result.host = *host_;
  result.method = method_;
  std::vector<ProgramId> programs;
  std::vector<SubjectId> subjects;
  result.programs = Sorted(programs_, programs);
  result.subjects = Sorted(subjects_, subjects);
  for (const auto& [subject, life] : lives_) {
    std::optional<Life>& joined = result.subjects[subjects[subject]].life;
    joined = life;
    joined->catches.clear();
    for (const auto& [program, signals] : life.catches) joined->catches[programs[program]] = signals;
  }
  result.losses.assign(losses_.begin(), losses_.end());
  const auto add = [&](const Run& run) -> absl::Status {
    SYSCARVE_ASSIGN_OR_RETURN(const Run finished, Finished(run, programs, subjects));
    result.runs.push_back(finished);
    return absl::OkStatus();
  };
  if (squashed_.has_value()) {
    Run run = *squashed_;
    run.id = absl::StrFormat("%016x%016x", squashed_id_[0], squashed_id_[1]);
    SYSCARVE_RETURN_IF_ERROR(add(run));
  }
  for (const size_t i : runs_.InOrder()) SYSCARVE_RETURN_IF_ERROR(add(runs_[i]));
  return result;
}

std::vector<std::string> RecordingMerger::warnings() const {
  std::vector<std::string> warnings;
  if (kernels_differ_) {
    warnings.push_back(Concat("the recordings are of different kernels: the result names the oldest, ", host_->kernel));
  }
  if (libseccomps_differ_) {
    warnings.push_back(Concat("the recordings are of different versions of libseccomp: the result names the oldest, ",
                              host_->libseccomp));
  }
  if (methods_differ_) {
    warnings.emplace_back("the recordings were made in different ways: the result names the one that says least");
  }
  return warnings;
}

absl::StatusOr<Recording> Merge(const Recording& a, const Recording& b) {
  RecordingMerger merger;
  SYSCARVE_RETURN_IF_ERROR(merger.Add(a));
  SYSCARVE_RETURN_IF_ERROR(merger.Add(b));
  return merger.Result();
}

}  // namespace syscarve
