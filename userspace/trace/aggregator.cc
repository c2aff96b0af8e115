// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/aggregator.h"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr uint64_t kFirstBucketNanos = 1'000'000;

// A count that an adversary has driven to the maximum stays there: wrapping would make the busiest call look unused.
void AddSaturating(uint64_t& total, uint64_t more) {
  total = more > std::numeric_limits<uint64_t>::max() - total ? std::numeric_limits<uint64_t>::max() : total + more;
}

std::map<SyscallId, Observation> SubjectTrace::*CallsOf(Phase phase) {
  switch (phase) {
    case Phase::kRuntime:
      return &SubjectTrace::runtime_calls;
    case Phase::kBaseline:
      return &SubjectTrace::baseline_calls;
    case Phase::kMain:
      break;
  }
  return &SubjectTrace::calls;
}

void ForgetWithoutCalls(std::map<SyscallId, Observation>& calls) {
  std::erase_if(calls, [](const auto& entry) { return entry.second.count == 0; });
}

// Losses arrive in any order; in the file they are sorted.
void SortLosses(std::vector<Loss>& losses) {
  std::ranges::sort(losses, [](const Loss& a, const Loss& b) {
    return std::tie(a.what, a.missed_calls, a.detail) < std::tie(b.what, b.missed_calls, b.detail);
  });
}

// Doubles the buckets' width. Buckets lie on multiples of their width, so the result does not depend on the order of
// the calls.
void Coarsen(Timeline& timeline) {
  const uint64_t first = timeline.start / timeline.bucket_nanos;
  std::vector<uint64_t> merged((first + timeline.counts.size() - 1) / 2 - first / 2 + 1);
  for (size_t i = 0; i < timeline.counts.size(); ++i) {
    AddSaturating(merged[(first + i) / 2 - first / 2], timeline.counts[i]);
  }
  timeline.counts = std::move(merged);
  timeline.bucket_nanos *= 2;
  timeline.start = first / 2 * timeline.bucket_nanos;
}

}  // namespace

Loss CheckpointLoss() {
  return {.what = "checkpoint",
          .count = 1,
          .missed_calls = true,
          .detail = "written in passing: the recorder was killed before it could write all of it, or is still at work"};
}

Aggregator::Aggregator(Host host, Method method, size_t max_run_bytes) : max_run_bytes_(max_run_bytes) {
  recording_.host = std::move(host);
  recording_.method = std::move(method);
}

SubjectId Aggregator::AddSubject(Subject subject) {
  const auto id = static_cast<SubjectId>(recording_.subjects.size());
  recording_.subjects.push_back(std::move(subject));
  // A subject without calls is an observation, too.
  run_.subjects.try_emplace(id);
  return id;
}

void Aggregator::SetSubject(SubjectId id, Subject subject) {
  recording_.subjects.at(id) = std::move(subject);
}

void Aggregator::SetLife(SubjectId id, Life life) {
  recording_.subjects.at(id).life = std::move(life);
}

void Aggregator::SetHardening(SubjectId id, HardeningEvidence hardening) {
  recording_.subjects.at(id).hardening = std::move(hardening);
}

ProgramId Aggregator::AddProgram(const Program& program) {
  const auto [entry, added] = program_ids_.try_emplace(program, static_cast<ProgramId>(recording_.programs.size()));
  if (added) recording_.programs.push_back(program);
  return entry->second;
}

void Aggregator::BeginRun(std::string id, std::string name, UnixNanos start) {
  run_.id = std::move(id);
  run_.name = std::move(name);
  run_.start = start;
  for (SubjectId subject = 0; subject < recording_.subjects.size(); ++subject) run_.subjects.try_emplace(subject);
}

void Aggregator::EndRun(UnixNanos end) {
  run_.end = end;
  for (auto& [subject, trace] : run_.subjects) {
    ForgetWithoutCalls(trace.calls);
    ForgetWithoutCalls(trace.runtime_calls);
    ForgetWithoutCalls(trace.baseline_calls);
  }
  recording_.runs.push_back(std::exchange(run_, {}));
  if (recording_.runs.text_bytes() <= max_run_bytes_) return;
  recording_.runs.pop_back();
  AddLoss(RunsFullLoss(1));
}

SubjectTrace& Aggregator::Trace(SubjectId subject) {
  return run_.subjects[subject];
}

void Aggregator::AddCalls(SubjectId subject, ProgramId program, Phase phase, SyscallId id, uint64_t count) {
  if (count == 0 || IsExemptFromSeccomp(id)) return;
  Observation& observation = (Trace(subject).*CallsOf(phase))[id];
  // The total is the sum over programs: calls beyond its maximum are dropped from both.
  count = std::min(count, std::numeric_limits<uint64_t>::max() - observation.count);
  if (count == 0) return;
  observation.programs[program] += count;
  observation.count += count;
}

void Aggregator::AddArguments(SubjectId subject, Phase phase, SyscallId id, const SeenArguments& seen) {
  if (IsExemptFromSeccomp(id)) return;
  std::optional<SeenArguments>& kept = (Trace(subject).*CallsOf(phase))[id].arguments;
  JoinArguments(seen, !kept.has_value(), kept);
}

void Aggregator::AddFirstSeen(SubjectId subject, Phase phase, SyscallId id, UnixNanos when) {
  if (IsExemptFromSeccomp(id)) return;
  std::optional<UnixNanos>& first_seen = (Trace(subject).*CallsOf(phase))[id].first_seen;
  first_seen = first_seen.has_value() ? std::min(*first_seen, when) : when;
}

void Aggregator::AddDenials(SubjectId subject, ProgramId program, SyscallId id, int errno_value, uint64_t count) {
  if (count == 0 || IsExemptFromSeccomp(id)) return;
  std::vector<Denial>& denials = Trace(subject).denials[id];
  auto place = std::ranges::lower_bound(denials, errno_value, {}, &Denial::errno_value);
  if (place == denials.end() || place->errno_value != errno_value) {
    place = denials.insert(place, Denial{.errno_value = errno_value});
  }
  count = std::min(count, std::numeric_limits<uint64_t>::max() - place->count);
  if (count == 0) return;
  place->programs[program] += count;
  place->count += count;
}

void Aggregator::AddCapabilityChecks(SubjectId subject, int capability, std::optional<SyscallId> during,
                                     const CapabilityChecks& checks, bool foreign, const CapabilitySite& site) {
  CapabilityUse& use = Trace(subject).capabilities[capability];
  AddChecks(checks, foreign ? use.foreign : use.during[during]);
  if (!foreign && site != CapabilitySite{}) AddChecks(checks, use.sites[during][site]);
}

void Aggregator::AddToTimeline(SubjectId subject, UnixNanos when, uint64_t count) {
  if (count == 0) return;
  std::optional<Timeline>& slot = Trace(subject).timeline;
  if (!slot.has_value()) {
    slot = Timeline{
        .start = when / kFirstBucketNanos * kFirstBucketNanos, .bucket_nanos = kFirstBucketNanos, .counts = {count}};
    return;
  }
  Timeline& timeline = *slot;
  uint64_t bucket = 0, first = 0, begin = 0, end = 0;
  while (true) {
    bucket = when / timeline.bucket_nanos;
    first = timeline.start / timeline.bucket_nanos;
    begin = std::min(first, bucket);
    end = std::max(first + timeline.counts.size(), bucket + 1);
    if (end - begin <= kMaxTimelineBuckets) break;
    Coarsen(timeline);
  }
  timeline.counts.insert(timeline.counts.begin(), first - begin, 0);
  timeline.counts.resize(end - begin);
  timeline.start = begin * timeline.bucket_nanos;
  AddSaturating(timeline.counts[bucket - begin], count);
}

void Aggregator::AddLoss(Loss loss) {
  for (Loss& known : recording_.losses) {
    if (known.what == loss.what && known.missed_calls == loss.missed_calls && known.detail == loss.detail) {
      AddSaturating(known.count, loss.count);
      return;
    }
  }
  recording_.losses.push_back(std::move(loss));
}

void Aggregator::SetCommandEnd(CommandEnd end) {
  run_.command = end;
}

uint64_t Aggregator::CallCount(SubjectId subject, Phase phase, SyscallId id) const {
  const auto trace = run_.subjects.find(subject);
  if (trace == run_.subjects.end()) return 0;
  const auto& calls = trace->second.*CallsOf(phase);
  const auto call = calls.find(id);
  return call == calls.end() ? 0 : call->second.count;
}

void Aggregator::Preview(UnixNanos end, absl::FunctionRef<void()> count,
                         absl::FunctionRef<void(const Recording&)> use) {
  Run open_run = run_;
  std::vector<Loss> losses = recording_.losses;
  const size_t programs = recording_.programs.size();
  const size_t runs = recording_.runs.size();
  std::vector<std::pair<std::optional<Life>, std::optional<HardeningEvidence>>> evidence;
  for (const Subject& subject : recording_.subjects) evidence.emplace_back(subject.life, subject.hardening);
  count();
  EndRun(end);
  SortLosses(recording_.losses);
  use(recording_);
  if (recording_.runs.size() > runs) recording_.runs.pop_back();
  for (size_t i = 0; i < evidence.size(); ++i) {
    recording_.subjects[i].life = std::move(evidence[i].first);
    recording_.subjects[i].hardening = std::move(evidence[i].second);
  }
  run_ = std::move(open_run);
  recording_.losses = std::move(losses);
  recording_.programs.resize(programs);
  std::erase_if(program_ids_, [programs](const auto& entry) { return entry.second >= programs; });
}

Recording Aggregator::Finish(UnixNanos end) {
  EndRun(end);
  SortLosses(recording_.losses);
  return std::move(recording_);
}

}  // namespace syscarve
