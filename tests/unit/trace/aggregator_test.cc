// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/aggregator.h"

#include <gtest/gtest.h>

#include <limits>
#include <utility>

#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr SyscallId kGetpid{Abi::kX86_64, 39};
constexpr SyscallId kGetpidI386{Abi::kI386, 20};
constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

class AggregatorTest : public testing::Test {
 protected:
  AggregatorTest() : subject_(aggregator_.AddSubject({.kind = SubjectKind::kCommand, .name = "sh", .cgroup = ""})) {
    aggregator_.BeginRun("0123", "smoke", 1000);
  }

  SubjectTrace Finish() {
    recording_ = aggregator_.Finish(2000);
    return recording_.runs.at(0).subjects.at(subject_);
  }

  Aggregator aggregator_{{}, {.backend = "notify", .events = "first", .capabilities = "none", .denials = "none"}};
  SubjectId subject_;
  Recording recording_;
};

TEST_F(AggregatorTest, APreviewIsTheRecordingSoFarAndLeavesNoTrace) {
  const ProgramId sh = aggregator_.AddProgram({.path = "/bin/sh", .device = 1, .inode = 2});
  aggregator_.AddCalls(subject_, sh, Phase::kMain, kGetpid, 20);
  aggregator_.AddLoss({"ring_full", 1, false, "events"});
  Recording seen;
  aggregator_.Preview(
      1500,
      [&] {
        const ProgramId ls = aggregator_.AddProgram({.path = "/bin/ls", .device = 1, .inode = 3});
        aggregator_.AddCalls(subject_, ls, Phase::kMain, kGetpid, 3);
        aggregator_.AddLoss({"ring_full", 2, false, "events"});
        aggregator_.AddLoss(CheckpointLoss());
      },
      [&](const Recording& recording) { seen = recording; });
  EXPECT_EQ(seen.runs.at(0).end, 1500u);
  EXPECT_EQ(seen.runs.at(0).subjects.at(subject_).calls.at(kGetpid).count, 23u);
  EXPECT_EQ(seen.programs.size(), 2u);
  ASSERT_EQ(seen.losses.size(), 2u);
  EXPECT_EQ(seen.losses.at(0).what, "checkpoint");
  EXPECT_EQ(seen.losses.at(1).count, 3u);
  EXPECT_FALSE(seen.complete());

  EXPECT_EQ(aggregator_.AddProgram({.path = "/bin/cat", .device = 1, .inode = 4}), 1u);
  EXPECT_EQ(Finish().calls.at(kGetpid).count, 20u);
  EXPECT_EQ(recording_.runs.size(), 1u);
  ASSERT_EQ(recording_.losses.size(), 1u);
  EXPECT_EQ(recording_.losses.at(0).count, 1u);
}

TEST_F(AggregatorTest, CountsPerProgramAndAbi) {
  const ProgramId sh = aggregator_.AddProgram({.path = "/bin/sh", .device = 1, .inode = 2});
  const ProgramId ls = aggregator_.AddProgram({.path = "/bin/ls", .device = 1, .inode = 3});
  EXPECT_EQ(aggregator_.AddProgram({.path = "/bin/sh", .device = 1, .inode = 2}), sh);
  EXPECT_NE(sh, ls);
  aggregator_.AddCalls(subject_, sh, Phase::kMain, kGetpid, 20);
  aggregator_.AddCalls(subject_, ls, Phase::kMain, kGetpid, 3);
  aggregator_.AddCalls(subject_, sh, Phase::kMain, kGetpidI386, 1);
  aggregator_.AddCalls(subject_, sh, Phase::kRuntime, kGetpid, 5);
  EXPECT_EQ(aggregator_.CallCount(subject_, Phase::kMain, kGetpid), 23u);
  EXPECT_EQ(aggregator_.CallCount(subject_, Phase::kRuntime, kGetpidI386), 0u);

  const SubjectTrace trace = Finish();
  EXPECT_EQ(trace.calls.at(kGetpid).count, 23u);
  EXPECT_EQ(trace.calls.at(kGetpid).programs, (std::map<ProgramId, uint64_t>{{sh, 20}, {ls, 3}}));
  EXPECT_EQ(trace.calls.at(kGetpidI386).count, 1u);
  EXPECT_EQ(trace.runtime_calls.at(kGetpid).count, 5u);
  EXPECT_EQ(recording_.runs.at(0).id, "0123");
  EXPECT_EQ(recording_.runs.at(0).start, 1000u);
  EXPECT_EQ(recording_.runs.at(0).end, 2000u);
  EXPECT_TRUE(recording_.complete());
}

TEST_F(AggregatorTest, KeepsThePhasesApart) {
  const ProgramId runtime = aggregator_.AddProgram({.path = "/usr/bin/runc"});
  aggregator_.AddCalls(subject_, runtime, Phase::kRuntime, kGetpid, 2);
  aggregator_.AddCalls(subject_, runtime, Phase::kBaseline, kGetpid, 3);
  aggregator_.AddCalls(subject_, runtime, Phase::kMain, kGetpid, 5);
  aggregator_.AddFirstSeen(subject_, Phase::kBaseline, kGetpid, 1500);
  aggregator_.AddFirstSeen(subject_, Phase::kBaseline, kGetpidI386, 1500);
  EXPECT_EQ(aggregator_.CallCount(subject_, Phase::kBaseline, kGetpid), 3u);

  const SubjectTrace trace = Finish();
  EXPECT_EQ(trace.runtime_calls.at(kGetpid).count, 2u);
  EXPECT_EQ(trace.baseline_calls.at(kGetpid).count, 3u);
  EXPECT_EQ(trace.baseline_calls.at(kGetpid).first_seen, 1500u);
  EXPECT_FALSE(trace.baseline_calls.contains(kGetpidI386)) << "a sighting without calls";
  EXPECT_EQ(trace.calls.at(kGetpid).count, 5u);
}

TEST_F(AggregatorTest, ASubjectCanBeToldMoreLate) {
  const Subject told = {.kind = SubjectKind::kContainer,
                        .name = "web",
                        .cgroup = "/docker/0123",
                        .container = Container{.name = "shop-web-1"},
                        .start = ContainerStart{.filtered = true}};
  aggregator_.SetSubject(subject_, told);
  Finish();
  EXPECT_EQ(recording_.subjects.at(subject_), told);
}

TEST_F(AggregatorTest, ZeroCallsAreNoObservation) {
  aggregator_.AddCalls(subject_, 0, Phase::kMain, kGetpid, 0);
  aggregator_.AddFirstSeen(subject_, Phase::kMain, kGetpid, 1500);
  aggregator_.AddDenials(subject_, 0, kGetpid, 1, 0);
  const SubjectTrace trace = Finish();
  EXPECT_TRUE(trace.calls.empty());
  EXPECT_TRUE(trace.denials.empty());
}

TEST_F(AggregatorTest, AWatchedSubjectThatDidNothingIsThere) {
  EXPECT_EQ(Finish(), SubjectTrace{});
}

TEST_F(AggregatorTest, KeepsTheEarliestSighting) {
  const ProgramId program = aggregator_.AddProgram({});
  aggregator_.AddFirstSeen(subject_, Phase::kMain, kGetpid, 1500);
  aggregator_.AddFirstSeen(subject_, Phase::kMain, kGetpid, 1400);
  aggregator_.AddFirstSeen(subject_, Phase::kMain, kGetpid, 1600);
  aggregator_.AddCalls(subject_, program, Phase::kMain, kGetpid, 1);
  EXPECT_EQ(Finish().calls.at(kGetpid).first_seen, 1400u);
}

TEST_F(AggregatorTest, DropsWhatIsExemptFromSeccomp) {
  constexpr SyscallId kUretprobe{Abi::kX86_64, 335};
  ASSERT_TRUE(IsExemptFromSeccomp(kUretprobe));
  const ProgramId program = aggregator_.AddProgram({});
  aggregator_.AddCalls(subject_, program, Phase::kMain, kUretprobe, 7);
  aggregator_.AddFirstSeen(subject_, Phase::kMain, kUretprobe, 1500);
  aggregator_.AddDenials(subject_, program, kUretprobe, 1, 7);
  EXPECT_EQ(Finish(), SubjectTrace{});
}

TEST_F(AggregatorTest, SaturatesAndKeepsSumsEqual) {
  const ProgramId a = aggregator_.AddProgram({.path = "a"});
  const ProgramId b = aggregator_.AddProgram({.path = "b"});
  const ProgramId c = aggregator_.AddProgram({.path = "c"});
  aggregator_.AddCalls(subject_, a, Phase::kMain, kGetpid, kMost - 1);
  aggregator_.AddCalls(subject_, b, Phase::kMain, kGetpid, 5);
  aggregator_.AddCalls(subject_, c, Phase::kMain, kGetpid, 5);
  aggregator_.AddDenials(subject_, a, kGetpid, 1, kMost);
  aggregator_.AddDenials(subject_, b, kGetpid, 1, 1);
  aggregator_.AddCapabilityChecks(subject_, 21, kGetpid, {.granted = kMost, .denied = 1}, false);
  aggregator_.AddCapabilityChecks(subject_, 21, kGetpid, {.granted = 1, .denied = 1}, false);
  const SubjectTrace trace = Finish();
  EXPECT_EQ(trace.calls.at(kGetpid).count, kMost);
  EXPECT_EQ(trace.calls.at(kGetpid).programs, (std::map<ProgramId, uint64_t>{{a, kMost - 1}, {b, 1}}));
  EXPECT_EQ(trace.denials.at(kGetpid).at(0).count, kMost);
  EXPECT_EQ(trace.denials.at(kGetpid).at(0).programs, (std::map<ProgramId, uint64_t>{{a, kMost}}));
  EXPECT_EQ(trace.capabilities.at(21).during.at(kGetpid), (CapabilityChecks{.granted = kMost, .denied = 2}));
}

TEST_F(AggregatorTest, DenialsAscendByErrno) {
  const ProgramId program = aggregator_.AddProgram({});
  aggregator_.AddDenials(subject_, program, kGetpid, 38, 2);
  aggregator_.AddDenials(subject_, program, kGetpid, 1, 1);
  aggregator_.AddDenials(subject_, program, kGetpid, 38, 3);
  const SubjectTrace trace = Finish();
  const std::vector<Denial>& denials = trace.denials.at(kGetpid);
  ASSERT_EQ(denials.size(), 2u);
  EXPECT_EQ(denials[0].errno_value, 1);
  EXPECT_EQ(denials[1].errno_value, 38);
  EXPECT_EQ(denials[1].count, 5u);
}

TEST_F(AggregatorTest, ForeignChecksAreKeptApart) {
  aggregator_.AddCapabilityChecks(subject_, 1, std::nullopt, {.granted = 1}, false);
  aggregator_.AddCapabilityChecks(subject_, 1, kGetpid, {.denied = 2}, true);
  const SubjectTrace trace = Finish();
  const CapabilityUse& use = trace.capabilities.at(1);
  EXPECT_EQ(use.during, (std::map<std::optional<SyscallId>, CapabilityChecks>{{std::nullopt, {.granted = 1}}}));
  EXPECT_EQ(use.foreign, (CapabilityChecks{.denied = 2}));
}

TEST_F(AggregatorTest, EqualLossesAddUpInAFixedOrder) {
  aggregator_.AddLoss({.what = "slots_full", .count = 1, .missed_calls = true, .detail = "d"});
  aggregator_.AddLoss({.what = "ring_full", .count = 2, .missed_calls = false, .detail = "d"});
  aggregator_.AddLoss({.what = "slots_full", .count = kMost, .missed_calls = true, .detail = "d"});
  Finish();
  ASSERT_EQ(recording_.losses.size(), 2u);
  EXPECT_EQ(recording_.losses[0].what, "ring_full");
  EXPECT_EQ(recording_.losses[1].count, kMost);
  EXPECT_FALSE(recording_.complete());
}

uint64_t Sum(const Timeline& timeline) {
  uint64_t sum = 0;
  for (const uint64_t count : timeline.counts) sum += count;
  return sum;
}

TEST_F(AggregatorTest, TimelineWidensAndKeepsEveryCall) {
  constexpr uint64_t kMilli = 1'000'000;
  constexpr uint64_t kBase = 1'700'000'000'123'456'789;
  for (uint64_t i = 0; i < 5000; ++i) aggregator_.AddToTimeline(subject_, kBase + i * kMilli, 2);
  const Timeline timeline = *Finish().timeline;
  EXPECT_EQ(Sum(timeline), 10'000u);
  EXPECT_EQ(timeline.bucket_nanos, 8 * kMilli);
  EXPECT_LE(timeline.counts.size(), Aggregator::kMaxTimelineBuckets);
  EXPECT_LE(timeline.start, kBase);
  EXPECT_GT(timeline.start + timeline.bucket_nanos, kBase);
}

// A recorder stops before the file is one that nobody reads.
TEST(AggregatorLimitTest, RunsThatNoFileHasRoomForAreALoss) {
  constexpr size_t kMaxBytes = 10'000;
  Aggregator aggregator({}, {.backend = "notify", .events = "first", .capabilities = "none", .denials = "none"},
                        kMaxBytes);
  const SubjectId subject = aggregator.AddSubject({.kind = SubjectKind::kCommand, .name = "sh"});
  const ProgramId program = aggregator.AddProgram({.path = "/bin/sh"});
  size_t seen = 0;
  constexpr size_t kRuns = 20;
  for (size_t i = 0; i < kRuns; ++i) {
    aggregator.BeginRun(std::string(30, 'a') + std::to_string(10 + i), "", i);
    for (int nr = 0; nr < 10; ++nr) aggregator.AddCalls(subject, program, Phase::kMain, {Abi::kX86_64, nr}, 1 + i);
    aggregator.Preview(
        i, [] {}, [&](const Recording& recording) { seen = recording.runs.size(); });
    if (i + 1 < kRuns) aggregator.EndRun(i);
  }
  const Recording recording = aggregator.Finish(kRuns);
  EXPECT_GT(recording.runs.size(), 0U);
  EXPECT_LT(recording.runs.size(), kRuns);
  EXPECT_EQ(seen, recording.runs.size());
  ASSERT_EQ(recording.losses.size(), 1U);
  EXPECT_EQ(recording.losses[0], RunsFullLoss(kRuns - recording.runs.size()));
  EXPECT_LE(FormatRecording(recording, {.full_numbers = 0}).size(), kMaxBytes + 1000);
}

TEST_F(AggregatorTest, TimelineDoesNotDependOnOrder) {
  const std::vector<std::pair<UnixNanos, uint64_t>> events = {
      {5'000'000'123, 1}, {4'000'000'000, 2}, {9'000'000'000, 3}, {4'999'999'999, 4}, {60'000'000'000, 5}};
  Aggregator other({}, {});
  const SubjectId subject = other.AddSubject({});
  other.BeginRun("", "", 0);
  for (size_t i = 0; i < events.size(); ++i) {
    aggregator_.AddToTimeline(subject_, events[i].first, events[i].second);
    const auto& [when, count] = events[events.size() - 1 - i];
    other.AddToTimeline(subject, when, count);
  }
  const Timeline timeline = *Finish().timeline;
  EXPECT_EQ(timeline, *other.Finish(1).runs.at(0).subjects.at(subject).timeline);
  EXPECT_EQ(Sum(timeline), 15u);
}

TEST_F(AggregatorTest, TimelineTakesTheWholeOfTime) {
  aggregator_.AddToTimeline(subject_, 0, 1);
  aggregator_.AddToTimeline(subject_, kMost, 1);
  const Timeline timeline = *Finish().timeline;
  EXPECT_EQ(Sum(timeline), 2u);
  EXPECT_LE(timeline.counts.size(), Aggregator::kMaxTimelineBuckets);
}

}  // namespace
}  // namespace syscarve
