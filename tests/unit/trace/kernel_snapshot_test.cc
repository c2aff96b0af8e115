// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/kernel_snapshot.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstring>

namespace syscarve {
namespace {

using namespace std::string_view_literals;

constexpr SyscallId kGetpid{Abi::kX86_64, 39};
constexpr SyscallId kGetpidI386{Abi::kI386, 20};
constexpr uint64_t kSecond = 1'000'000'000;

template <typename T>
std::span<const std::byte> Bytes(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

recorder_event_call Sighting(uint32_t slot, uint32_t abi, uint32_t nr, uint64_t time_ns) {
  return {
      .header = {.type = RECORDER_EVENT_SIGHTING, .count = 1, .time_ns = time_ns}, .slot = slot, .abi = abi, .nr = nr};
}

recorder_event_batch Batch(uint64_t time_ns, std::vector<std::tuple<uint64_t, uint32_t, uint32_t>> calls) {
  recorder_event_batch batch = {};
  batch.header = {.type = RECORDER_EVENT_BATCH, .count = static_cast<uint32_t>(calls.size()), .time_ns = time_ns};
  for (size_t i = 0; i < calls.size(); ++i) {
    const auto& [since, slot, counter] = calls[i];
    batch.calls[i] = since << RECORDER_BATCH_TIME_SHIFT | uint64_t{slot} << RECORDER_BATCH_SLOT_SHIFT | counter;
  }
  return batch;
}

// One subject with two programs in slots 3 and 4, its runtime phase in slot 2, and slot 1 for programs without a name.
KernelSnapshot TwoPrograms() {
  KernelSnapshot snapshot;
  snapshot.slots = {
      {.number = 1, .subject = 0, .phase = Phase::kMain},
      {.number = 2, .subject = 0, .phase = Phase::kRuntime},
      {.number = 3, .subject = 0, .phase = Phase::kMain, .program = {.path = "/bin/a", .device = 1, .inode = 3}},
      {.number = 4, .subject = 0, .phase = Phase::kMain, .program = {.path = "/bin/b", .device = 1, .inode = 4}}};
  return snapshot;
}

Recording Finish(const KernelSnapshot& snapshot, const EventReader& events, bool every_call,
                 bool keep_runtime_phase = true) {
  Aggregator aggregator({}, {});
  aggregator.AddSubject({});
  aggregator.BeginRun("id", "name", 0);
  AggregateRun(snapshot, {}, events, keep_runtime_phase, aggregator);
  AggregateLosses(snapshot, events, every_call, aggregator);
  return aggregator.Finish(1);
}

// What was kept of the arguments of a call in a slot.
KernelSnapshot::Arguments Kept(uint32_t slot, SyscallId id, std::map<std::vector<uint64_t>, uint64_t> counts) {
  return {.slot = slot, .id = id, .seen = {.indexes = {0}}, .counts = std::move(counts)};
}

// What a run that began at `before` has of getpid at `now`.
Observation GetpidSince(const KernelSnapshot& before, const KernelSnapshot& now) {
  Aggregator aggregator({}, {});
  aggregator.AddSubject({});
  aggregator.BeginRun("id", "name", 0);
  AggregateRun(now, {.before = &before}, EventReader(Abi::kX86_64, 0), true, aggregator);
  return aggregator.Finish(1).runs[0].subjects.at(0).calls.at(kGetpid);
}

TEST(AggregateRun, ArgumentsAreThoseOfTheRunsOwnCalls) {
  KernelSnapshot before = TwoPrograms();
  before.calls = {{.slot = 3, .id = kGetpid, .count = 2}};
  before.arguments = {Kept(3, kGetpid, {{{1}, 2}})};
  KernelSnapshot now = before;
  now.calls = {{.slot = 3, .id = kGetpid, .count = 5}, {.slot = 4, .id = kGetpid, .count = 1}};
  now.arguments = {Kept(3, kGetpid, {{{1}, 2}, {{7}, 3}}), Kept(4, kGetpid, {{{9}, 1}})};
  const Observation seen = GetpidSince(before, now);
  ASSERT_TRUE(seen.arguments.has_value());
  EXPECT_EQ(seen.arguments->values, (std::map<std::vector<uint64_t>, std::set<ProgramId>>{{{7}, {0}}, {{9}, {1}}}));
  EXPECT_FALSE(seen.arguments->open);
}

// While programs run, values are read after the counters: those of this run can be among those of the last.
TEST(AggregateRun, ValuesThatWereReadTooEarlyStandForTheRun) {
  KernelSnapshot before = TwoPrograms();
  before.calls = {{.slot = 3, .id = kGetpid, .count = 2}};
  before.arguments = {Kept(3, kGetpid, {{{1}, 2}, {{7}, 1}})};
  KernelSnapshot now = before;
  now.calls = {{.slot = 3, .id = kGetpid, .count = 3}};
  const Observation seen = GetpidSince(before, now);
  EXPECT_EQ(seen.arguments->values.size(), 2U);
  EXPECT_FALSE(seen.arguments->open);
}

TEST(AggregateRun, FilesAreThoseOfTheRunsOwnCalls) {
  KernelSnapshot before = TwoPrograms();
  before.calls = {{.slot = 3, .id = kGetpid, .count = 2}};
  before.arguments = {Kept(3, kGetpid, {{{1}, 2}})};
  before.arguments[0].files = {{{{1}, "tty"}, 2}};
  KernelSnapshot now = TwoPrograms();
  now.calls = {{.slot = 3, .id = kGetpid, .count = 6}, {.slot = 4, .id = kGetpid, .count = 1}};
  now.arguments = {Kept(3, kGetpid, {{{1}, 3}, {{7}, 3}}), Kept(4, kGetpid, {{{9}, 1}})};
  now.arguments[0].files = {{{{1}, "tty"}, 2}, {{{1}, "pipe"}, 1}, {{{7}, "tty"}, 2}};
  EXPECT_EQ(GetpidSince(before, now).arguments->files,
            (std::map<std::vector<uint64_t>, FileKinds>{{{1}, {"pipe"}}, {{7}, {"tty", "unknown"}}}));
}

TEST(AggregateRun, CallsWhoseArgumentsAreMissingLeaveThemOpen) {
  KernelSnapshot now = TwoPrograms();
  now.calls = {{.slot = 3, .id = kGetpid, .count = 3}};
  now.arguments = {Kept(3, kGetpid, {{{1}, 2}})};
  Recording recording = Finish(now, EventReader(Abi::kX86_64, 0), false);
  EXPECT_TRUE(recording.runs[0].subjects.at(0).calls.at(kGetpid).arguments->open);
  now.arguments = {Kept(3, kGetpid, {})};
  now.losses.arguments_full = 1;
  recording = Finish(now, EventReader(Abi::kX86_64, 0), false);
  EXPECT_TRUE(recording.runs[0].subjects.at(0).calls.at(kGetpid).arguments->open);
  ASSERT_EQ(recording.losses.size(), 1U);
  EXPECT_EQ(recording.losses[0].what, "argument_table_full");
  EXPECT_TRUE(recording.complete());
}

TEST(AggregateLives, PutsTogetherWhatTheKernelSideKeptApart) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.subjects = {{.container = true,
                        .running = true,
                        .ends = {EndOfStatus(3 << 8, SIGTERM), EndOfStatus(SIGKILL, 0), EndOfStatus(SIGSEGV | 0x80, 0)},
                        .started_at = 5,
                        .caught = SignalBit(SIGINT),
                        .first_caught = SignalBit(SIGHUP),
                        .joined = 2,
                        .restarts = 1}};
  snapshot.slots[1].caught = ~SignalSet{0};  // The runtime's.
  snapshot.slots[2].caught = SignalBit(SIGHUP);
  snapshot.signals = {{3, {SIGHUP, SignalOutcome::kHandled, SignalOrigin::kOutside}, 2},
                      {4, {SIGHUP, SignalOutcome::kHandled, SignalOrigin::kOutside}, 5},
                      {77, {SIGHUP, SignalOutcome::kHandled, SignalOrigin::kOutside}, 1}};
  Aggregator aggregator({}, {});
  aggregator.AddSubject({.kind = SubjectKind::kContainer});
  aggregator.BeginRun("id", "name", 0);
  AggregateLives(snapshot, 1000, aggregator);
  const Recording recording = aggregator.Finish(1);
  ASSERT_TRUE(recording.subjects[0].life.has_value());
  const Life& life = *recording.subjects[0].life;
  EXPECT_TRUE(life.watched);
  EXPECT_EQ(life.started, 1005u);
  EXPECT_EQ(life.ended, std::nullopt);
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kExited, .status = 3, .taken = SIGTERM},
                                          {.kind = EndKind::kKilled, .signal = SIGKILL},
                                          {.kind = EndKind::kKilled, .signal = SIGSEGV},
                                          {.kind = EndKind::kRunning}}));
  EXPECT_EQ(life.signals,
            (std::map<SignalUse, uint64_t>{{{SIGHUP, SignalOutcome::kHandled, SignalOrigin::kOutside}, 7}}));
  std::map<std::string, SignalSet> catches;
  for (const auto& [program, signals] : life.catches) catches[recording.programs[program].path] = signals;
  EXPECT_EQ(catches, (std::map<std::string, SignalSet>{{"", SignalBit(SIGINT)}, {"/bin/a", SignalBit(SIGHUP)}}));
  EXPECT_EQ(life.first_catches, SignalBit(SIGHUP));
  EXPECT_EQ(life.joined, 2u);
  EXPECT_EQ(life.restarts, 1u);
}

TEST(AggregateLives, AHandlerOfNobodyKnownIsNotToldWhenAProgramHasItToo) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.subjects = {{.caught = SignalBit(SIGHUP)}};
  snapshot.slots[2].caught = SignalBit(SIGHUP) | SignalBit(SIGTERM);
  Aggregator aggregator({}, {});
  aggregator.AddSubject({});
  aggregator.BeginRun("id", "name", 0);
  AggregateLives(snapshot, 0, aggregator);
  const Recording recording = aggregator.Finish(1);
  ASSERT_EQ(recording.programs.size(), 1u);
  EXPECT_EQ(recording.programs[0].path, "/bin/a");
}

TEST(AggregateLives, ALookMeanwhileLeavesNothingBehind) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.subjects = {{.running = true}};
  snapshot.slots[2].caught = SignalBit(SIGHUP);
  Aggregator aggregator({}, {});
  aggregator.AddSubject({});
  aggregator.BeginRun("id", "name", 0);
  aggregator.Preview(
      1, [&] { AggregateLives(snapshot, 0, aggregator); },
      [](const Recording& recording) { EXPECT_TRUE(recording.subjects[0].life.has_value()); });
  const Recording recording = aggregator.Finish(1);
  EXPECT_FALSE(recording.subjects[0].life.has_value());
  EXPECT_TRUE(recording.programs.empty());
}

TEST(PathFromComponents, PutsTheRootFirst) {
  EXPECT_EQ(PathFromComponents("nginx\0sbin\0usr\0"sv, false), "/usr/sbin/nginx");
  EXPECT_EQ(PathFromComponents("x\0deep\0"sv, true), "\u2026/deep/x");
  EXPECT_EQ(PathFromComponents("", false), "");
  EXPECT_EQ(PathFromComponents("a\xff\n\0"sv, false), "/a\xff\n");
}

TEST(AbiFromKernel, FollowsTheNativeArchitecture) {
  EXPECT_EQ(AbiFromKernel(RECORDER_ABI_NATIVE, Abi::kX86_64), Abi::kX86_64);
  EXPECT_EQ(AbiFromKernel(RECORDER_ABI_COMPAT, Abi::kX86_64), Abi::kI386);
  EXPECT_EQ(AbiFromKernel(RECORDER_ABI_X32, Abi::kX86_64), Abi::kX32);
  EXPECT_EQ(AbiFromKernel(RECORDER_ABI_COMPAT, Abi::kAarch64), Abi::kArm);
  EXPECT_EQ(AbiFromKernel(RECORDER_ABI_X32, Abi::kAarch64), std::nullopt);
  EXPECT_EQ(AbiFromKernel(77, Abi::kX86_64), std::nullopt);
}

TEST(EventReader, KeepsTheEarliestSightingAndCountsRepeats) {
  EventReader events(Abi::kX86_64, 1000);
  events.Read(Bytes(Sighting(3, RECORDER_ABI_NATIVE, 39, 50)));
  events.Read(Bytes(Sighting(3, RECORDER_ABI_NATIVE, 39, 20)));
  events.Read(Bytes(Sighting(3, RECORDER_ABI_COMPAT, 20, 70)));
  EXPECT_EQ(events.sightings().size(), 2u);
  EXPECT_EQ(events.sightings().at({3, kGetpid}), 1020u);
  EXPECT_EQ(events.sightings().at({3, kGetpidI386}), 1070u);
  EXPECT_EQ(events.repeated_sightings(), 1u);
}

TEST(EventReader, CountsABatchByCallAndByMillisecond) {
  EventReader events(Abi::kX86_64, 0);
  constexpr uint32_t kCompatGetpid = RECORDER_PLANE_SIZE + 20;
  events.Read(Bytes(Batch(kSecond, {{0, 3, 39}, {100, 3, 39}, {2'000'000, 3, 39}, {2'000'001, 4, kCompatGetpid}})));
  const auto streamed = events.streamed();
  EXPECT_EQ(streamed.at({3, kGetpid}), 3u);
  EXPECT_EQ(streamed.at({4, kGetpidI386}), 1u);
  EXPECT_EQ(events.timeline().at({3, 1000}), 2u);
  EXPECT_EQ(events.timeline().at({3, 1002}), 1u);
  EXPECT_EQ(events.timeline().at({4, 1002}), 1u);
}

TEST(EventReader, RefusesWhatItCannotRead) {
  EventReader events(Abi::kX86_64, 0);
  events.Read({});
  recorder_event_batch too_many = Batch(0, {{0, 3, 39}});
  too_many.header.count = RECORDER_BATCH_CALLS + 1;
  events.Read(Bytes(too_many));
  const recorder_event_batch good = Batch(0, {{0, 3, 39}});
  events.Read(Bytes(good).first(sizeof(good) - 1));
  events.Read(Bytes(Sighting(1, 99, 1, 0)));
  recorder_event_call unknown = Sighting(1, 0, 1, 0);
  unknown.header.type = 1234;
  events.Read(Bytes(unknown));
  EXPECT_EQ(events.malformed(), 5u);
  EXPECT_TRUE(events.streamed().empty());
  const Recording recording = Finish(TwoPrograms(), events, false);
  ASSERT_EQ(recording.losses.size(), 1u);
  EXPECT_EQ(recording.losses[0].what, "malformed_news");
  EXPECT_TRUE(recording.complete());
}

TEST(Aggregate, AddsUpProgramsAndKeepsPhasesApart) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.calls = {{2, kGetpid, 100}, {3, kGetpid, 5}, {4, kGetpid, 7}};
  EventReader events(Abi::kX86_64, 0);
  events.Read(Bytes(Sighting(4, RECORDER_ABI_NATIVE, 39, 400)));
  events.Read(Bytes(Sighting(3, RECORDER_ABI_NATIVE, 39, 300)));
  const Recording recording = Finish(snapshot, events, false);
  const SubjectTrace trace = recording.runs[0].subjects.at(0);
  EXPECT_EQ(trace.calls.at(kGetpid).count, 12u);
  EXPECT_EQ(trace.calls.at(kGetpid).first_seen, 300u);
  EXPECT_EQ(trace.calls.at(kGetpid).programs.size(), 2u);
  EXPECT_EQ(trace.runtime_calls.at(kGetpid).count, 100u);

  const Recording own = Finish(snapshot, events, false, /*keep_runtime_phase=*/false);
  EXPECT_TRUE(own.runs[0].subjects.at(0).runtime_calls.empty());
  EXPECT_EQ(own.programs.size(), 2u);
}

TEST(Aggregate, KeepsTheBaselineApartAndOnlyWithTheRuntimePhase) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.slots.push_back({.number = 5, .subject = 0, .phase = Phase::kBaseline});
  snapshot.calls = {{2, kGetpid, 100}, {3, kGetpid, 5}, {5, kGetpid, 7}};
  const EventReader events(Abi::kX86_64, 0);
  const Recording recording = Finish(snapshot, events, false);
  const SubjectTrace trace = recording.runs[0].subjects.at(0);
  EXPECT_EQ(trace.baseline_calls.at(kGetpid).count, 7u);
  EXPECT_EQ(trace.runtime_calls.at(kGetpid).count, 100u);
  EXPECT_EQ(trace.calls.at(kGetpid).count, 5u);

  const Recording own = Finish(snapshot, events, false, /*keep_runtime_phase=*/false);
  EXPECT_TRUE(own.runs[0].subjects.at(0).baseline_calls.empty());
}

TEST(Aggregate, ListsNoProgramThatMadeNoCall) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.calls = {{3, kGetpid, 5}};
  const Recording recording = Finish(snapshot, EventReader(Abi::kX86_64, 0), false);
  ASSERT_EQ(recording.programs.size(), 1u);
  EXPECT_EQ(recording.programs[0].path, "/bin/a");
}

TEST(Aggregate, ComparesTheStreamWithTheCounters) {
  KernelSnapshot snapshot = TwoPrograms();
  // The exec that starts the subject is counted beside the counter of the same call: two rows, one stream.
  constexpr SyscallId kExecve{Abi::kX86_64, 59};
  snapshot.calls = {{3, kExecve, 1}, {3, kExecve, 1}, {3, kGetpid, 3}};
  EventReader events(Abi::kX86_64, 0);
  events.Read(Bytes(Batch(0, {{0, 3, 59}, {1, 3, 39}, {2, 3, 39}, {3, 3, 39}})));
  recorder_event_call exec = Sighting(3, RECORDER_ABI_NATIVE, 59, 0);
  exec.header.type = RECORDER_EVENT_CALL;
  events.Read(Bytes(exec));
  EXPECT_TRUE(Finish(snapshot, events, true).losses.empty());

  snapshot.calls[2].count = 5;
  const Recording behind = Finish(snapshot, events, true);
  ASSERT_EQ(behind.losses.size(), 1u);
  EXPECT_EQ(behind.losses[0].what, "timeline_mismatch");
  EXPECT_EQ(behind.losses[0].count, 2u);
  EXPECT_TRUE(behind.complete()) << "the counters are the truth";

  snapshot.calls[2].count = 1;
  const Recording ahead = Finish(snapshot, events, true);
  ASSERT_EQ(ahead.losses.size(), 1u);
  EXPECT_EQ(ahead.losses[0].count, 2u);
}

TEST(Aggregate, NamesEveryLossAndSaysWhichMissCalls) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.losses = {.event_ring_full = 1, .slots_full = 2, .denials_full = 3, .capabilities_full = 4};
  const Recording detail = Finish(snapshot, EventReader(Abi::kX86_64, 0), false);
  EXPECT_EQ(detail.losses.size(), 4u);
  EXPECT_TRUE(detail.complete());
  for (auto set : {+[](KernelSnapshot& s) { s.losses.sparse_calls_full = 1; },
                   +[](KernelSnapshot& s) { s.losses.enrolment_failed = 1; },
                   +[](KernelSnapshot& s) { s.losses.left_unseen = 1; }, +[](KernelSnapshot& s) { s.skipped = 1; }}) {
    KernelSnapshot lossy = TwoPrograms();
    set(lossy);
    const Recording recording = Finish(lossy, EventReader(Abi::kX86_64, 0), false);
    ASSERT_EQ(recording.losses.size(), 1u);
    EXPECT_FALSE(recording.complete()) << recording.losses[0].what;
  }
}

TEST(Aggregate, SaysWhenTheLastReadingMayHaveComeTooEarly) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.unsettled = true;
  snapshot.losses.denials_unnumbered = 3;
  const Recording recording = Finish(snapshot, EventReader(Abi::kX86_64, 0), false);
  ASSERT_EQ(recording.losses.size(), 2u);
  EXPECT_EQ(recording.losses[0].what, "denial_without_number");
  EXPECT_EQ(recording.losses[0].count, 3u);
  EXPECT_FALSE(recording.losses[0].missed_calls);
  EXPECT_EQ(recording.losses[1].what, "last_reading_early");
  EXPECT_FALSE(recording.complete());
}

TEST(Aggregate, DividesTheCountsIntoRuns) {
  constexpr SyscallId kRead{Abi::kX86_64, 0};
  KernelSnapshot first = TwoPrograms();
  first.calls = {{3, kGetpid, 5}};
  first.denials = {{3, kRead, 1, 2}};
  first.capabilities = {{3, 21, kGetpid, false, {1, 0}}};
  KernelSnapshot second = TwoPrograms();
  second.calls = {{3, kGetpid, 5}, {3, kRead, 7}, {4, kGetpid, 1}};
  second.denials = {{3, kRead, 1, 5}};
  // The kernel side has checks and results in tables of their own.
  second.capabilities = {{3, 21, kGetpid, false, {1, 4}},
                         {3, 21, kGetpid, false, {.results = {{{.granted = false, .errno_value = 1}, {.count = 3}}}}}};
  EventReader events(Abi::kX86_64, 0);
  events.Read(Bytes(Sighting(3, RECORDER_ABI_NATIVE, 39, 10)));
  // Made before the first run's end was decided, told after: it belongs to the run that counts it.
  events.Read(Bytes(Sighting(3, RECORDER_ABI_NATIVE, 0, 90)));
  events.Read(Bytes(Batch(kSecond, {{0, 3, 39}})));
  events.Read(Bytes(Batch(3 * kSecond, {{0, 3, 0}, {0, 4, 39}})));

  Aggregator aggregator({}, {});
  aggregator.AddSubject({});
  aggregator.BeginRun("a", "one", 0);
  AggregateRun(first, {.until = 2 * kSecond}, events, true, aggregator);
  aggregator.EndRun(2 * kSecond);
  aggregator.BeginRun("b", "two", 2 * kSecond);
  AggregateRun(second, {.before = &first, .from = 2 * kSecond}, events, true, aggregator);
  const Recording recording = aggregator.Finish(4 * kSecond);

  ASSERT_EQ(recording.runs.size(), 2u);
  const SubjectTrace one = recording.runs[0].subjects.at(0);
  EXPECT_EQ(one.calls.size(), 1u);
  EXPECT_EQ(one.calls.at(kGetpid).count, 5u);
  EXPECT_EQ(one.calls.at(kGetpid).first_seen, 10u);
  EXPECT_EQ(one.denials.at(kRead).at(0).count, 2u);
  EXPECT_EQ(one.timeline->counts, std::vector<uint64_t>{1});
  const SubjectTrace two = recording.runs[1].subjects.at(0);
  EXPECT_EQ(two.calls.at(kRead).count, 7u);
  EXPECT_EQ(two.calls.at(kRead).first_seen, 90u);
  EXPECT_EQ(two.calls.at(kGetpid).count, 1u) << "only what the other program added";
  EXPECT_EQ(two.denials.at(kRead).at(0).count, 3u);
  EXPECT_EQ(two.capabilities.at(21).during.at(kGetpid),
            (CapabilityChecks{0, 4, {{{.granted = false, .errno_value = 1}, {.count = 3}}}}));
  EXPECT_EQ(two.timeline->counts, std::vector<uint64_t>{2});
  EXPECT_EQ(recording.runs[1].name, "two");
}

TEST(EventReader, NamesContainersThatHadNoRoom) {
  EventReader events(Abi::kX86_64, 0);
  recorder_event_subject told = {.header = {.type = RECORDER_EVENT_SUBJECT}, .subject = 1, .path = "/docker/a"};
  events.Read(Bytes(told));
  told = {.header = {.type = RECORDER_EVENT_SUBJECT}, .subject = 0, .path = "/docker/b"};
  events.Read(Bytes(told));
  // Cut off by the kernel side: no NUL.
  std::memset(told.path, 'x', sizeof(told.path));
  events.Read(Bytes(told));
  EXPECT_EQ(events.containers_told(), 3u);
  EXPECT_EQ(events.refused_containers(),
            (std::vector<std::string>{"/docker/b", std::string(RECORDER_CGROUP_BYTES, 'x')}));
  EXPECT_EQ(events.malformed(), 0u);
}

TEST(Aggregate, IgnoresRowsOfSlotsItDoesNotKnow) {
  KernelSnapshot snapshot = TwoPrograms();
  snapshot.calls = {{99, kGetpid, 5}};
  snapshot.denials = {{99, kGetpid, 1, 5}};
  snapshot.capabilities = {{99, 1, kGetpid, false, {1, 0}}};
  const Recording recording = Finish(snapshot, EventReader(Abi::kX86_64, 0), false);
  EXPECT_TRUE(recording.runs[0].subjects.empty() || recording.runs[0].subjects.at(0).calls.empty());
}

}  // namespace
}  // namespace syscarve
