// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/confidence.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "tests/unit/policy/recordings.h"

namespace syscarve {
namespace {

using Names = std::vector<std::string_view>;

constexpr UnixNanos kSecond = 1'000'000'000;

// A run for each list of names; with `marked`, each begins where the one before it ends.
Recording Runs(const std::vector<Names>& runs, bool marked = false, std::string_view subject = "server") {
  Recording recording = RecordingBuilder().Build();
  recording.subjects[0].name = subject;
  recording.runs.clear();
  for (size_t i = 0; i < runs.size(); ++i) {
    Run run = {.id = absl::StrFormat("%032x", i + 1), .name = absl::StrFormat("test %d", i)};
    run.start = (10 + 2 * i) * kSecond;
    run.end = run.start + (marked ? 2 : 1) * kSecond;
    run.subjects[0] = {};
    for (const std::string_view name : runs[i]) {
      run.subjects[0].calls[FindSyscall(Abi::kX86_64, name).value()] = {.count = 1'000'000,
                                                                        .programs = {{0, 1'000'000}}};
    }
    recording.runs.push_back(run);
  }
  return recording;
}

Confidence Judge(const std::vector<Recording>& recordings, GenerateOptions options = {.closure = ClosureMode::kNone}) {
  options.allow_incomplete = true;
  const absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  EXPECT_TRUE(made.ok()) << made.status();
  const absl::StatusOr<Confidence> sure = JudgeConfidence(recordings, *made, options.closure);
  EXPECT_TRUE(sure.ok()) << sure.status();
  return *sure;
}

std::vector<Names> Same(size_t runs) {
  return std::vector<Names>(runs, Names{"read", "write"});
}

TEST(ConfidenceTest, ARunIsOneSightingHoweverOftenItCalls) {
  std::vector<Names> runs = Same(40);
  runs[7] = {"read", "ptrace"};
  const Confidence sure = Judge({Runs(runs)});
  EXPECT_TRUE(sure.objections.empty());
  EXPECT_EQ(sure.runs, 40U);
  EXPECT_EQ(sure.novelty->novel, 1U);
  EXPECT_DOUBLE_EQ(sure.novelty->share.value, 1.0 / 40);
  ASSERT_EQ(sure.novel_runs.size(), 1U);
  EXPECT_EQ(sure.novel_runs[0].name, "test 7");
  EXPECT_EQ(sure.novel_runs[0].names, std::vector<std::string>{"ptrace"});
  EXPECT_NEAR(sure.curve.back().names, 3, 1e-9);
}

TEST(ConfidenceTest, RunsThatAreAllTheSameGiveNoFalsePrecision) {
  const Confidence sure = Judge({Runs(Same(59))});
  EXPECT_EQ(sure.novelty->novel, 0U);
  EXPECT_NEAR(sure.novelty->share.upper, 0.0495, 0.0001);
  EXPECT_EQ(sure.missing->names, Estimate());
}

TEST(ConfidenceTest, AFewRunsAreNoNumber) {
  for (const size_t runs : {1, 2, 19}) {
    const Confidence sure = Judge({Runs(Same(runs))});
    EXPECT_EQ(sure.runs, runs);
    EXPECT_EQ(sure.objections.size(), 1U);
    EXPECT_FALSE(sure.novelty.has_value());
    EXPECT_FALSE(sure.missing.has_value());
    EXPECT_FALSE(sure.curve.empty());
  }
  EXPECT_EQ(Judge({Runs(Same(1))}).objections[0], "1 run is too few: 20 are needed");
  EXPECT_TRUE(Judge({Runs(Same(20))}).novelty.has_value());
}

TEST(ConfidenceTest, EmptyRunsDoNotCount) {
  std::vector<Names> runs = Same(30);
  for (size_t i = 0; i < 15; ++i) runs[2 * i] = {};
  const Confidence sure = Judge({Runs(runs)});
  EXPECT_EQ(sure.runs, 15U);
  EXPECT_EQ(sure.empty, 15U);
  EXPECT_FALSE(sure.novelty.has_value());
  const Confidence nothing = Judge({Runs({{}, {}})});
  EXPECT_EQ(nothing.runs, 0U);
  EXPECT_TRUE(nothing.curve.empty());
}

TEST(ConfidenceTest, WhatWasLostIsNoNumber) {
  Recording recording = Runs(Same(40));
  recording.losses = {{.what = "slots_full", .count = 1, .missed_calls = true}};
  const Confidence sure = Judge({recording});
  ASSERT_EQ(sure.objections.size(), 1U);
  EXPECT_EQ(sure.objections[0], "calls may be missing from a recording: slots_full");
  EXPECT_FALSE(sure.novelty.has_value());
  recording.losses[0].missed_calls = false;
  EXPECT_TRUE(Judge({recording}).novelty.has_value());
}

TEST(ConfidenceTest, RunsOfDifferentSubjectsAreNotMixed) {
  Recording other = Runs(Same(25), false, "other");
  for (size_t i = 0; i < other.runs.size(); ++i) {
    other.runs.Update(i, [](syscarve::Run& run) { run.id[0] = 'f'; });
  }
  const Confidence sure = Judge({Runs(Same(25)), other});
  ASSERT_EQ(sure.objections.size(), 1U);
  EXPECT_EQ(sure.objections[0],
            "the runs are of different subjects, other (25) and server (25), and do not predict one another");
  EXPECT_TRUE(sure.curve.empty());
  EXPECT_FALSE(sure.novelty.has_value());
}

TEST(ConfidenceTest, OneRunInTwoRecordingsIsOne) {
  const Recording recording = Runs(Same(30));
  EXPECT_EQ(Judge({recording, recording}), Judge({recording}));
}

TEST(ConfidenceTest, TheOrderOfRecordingsDoesNotMatter) {
  std::vector<Names> runs = Same(20);
  runs[3] = {"read", "ptrace", "mount"};
  runs[4] = {"read", "bpf"};
  Recording a = Runs(runs);
  Recording b = Runs(Same(20));
  for (size_t i = 0; i < b.runs.size(); ++i) {
    b.runs.Update(i, [](syscarve::Run& run) {
      run.id[0] = 'f';
      run.start += 100 * kSecond;
    });
  }
  EXPECT_EQ(Judge({a, b}), Judge({b, a}));
}

// A start that is recorded once would look like a heap of calls that only chance has shown.
TEST(ConfidenceTest, WhatIsBeforeTheFirstMarkIsNoTest) {
  std::vector<Names> runs = Same(41);
  runs[0] = {"execve", "mmap", "mount", "setsid", "bind", "listen"};
  const Confidence sure = Judge({Runs(runs, true)});
  EXPECT_EQ(sure.runs, 40U);
  EXPECT_EQ(sure.starts, 1U);
  EXPECT_EQ(sure.novelty->novel, 0U);
  EXPECT_EQ(sure.missing->once, 0U);
  EXPECT_NEAR(sure.curve.front().names, 8, 1e-9);
}

TEST(ConfidenceTest, WhatOnlyTheLastRunOfManyMakesIsTheEnd) {
  std::vector<Names> runs = Same(41);
  runs[20].push_back("ptrace");
  runs[40].push_back("unlink");
  const Confidence sure = Judge({Runs(runs, true)});
  EXPECT_EQ(sure.novelty->novel, 1U);
  ASSERT_EQ(sure.novel_runs.size(), 1U);
  EXPECT_EQ(sure.novel_runs[0].name, "test 20");
  // Where each run is a recording of its own, it is a run like the others.
  EXPECT_EQ(Judge({Runs(runs)}).novelty->novel, 2U);
}

TEST(ConfidenceTest, WhatClosureAddsIsNotNew) {
  std::vector<Names> runs(40, Names{"read", "stat"});
  runs[5] = {"read", "newfstatat"};
  EXPECT_EQ(Judge({Runs(runs)}).novelty->novel, 1U);
  EXPECT_EQ(Judge({Runs(runs)}, {.closure = ClosureMode::kSafe}).novelty->novel, 0U);
}

TEST(ConfidenceTest, WhatTheProfileAllowsOrRefusesAnywayIsNoMatterOfRuns) {
  std::vector<Names> runs = Same(40);
  runs[5].push_back("ptrace");
  runs[6].push_back("mount");
  runs[7].push_back("bpf");
  GenerateOptions options = {.closure = ClosureMode::kNone, .allow = {"ptrace"}, .block = {"mount"}};
  options.baselines = {{.source = "measured", .names = {"bpf"}}};
  EXPECT_EQ(Judge({Runs(runs)}, options).novelty->novel, 0U);
}

TEST(ConfidenceTest, NeighboursThatAreAlikeAreNoNumber) {
  std::vector<Names> runs = Same(80);
  const Names rare = {"ptrace", "mount", "bpf", "setsid", "listen", "bind", "chroot", "acct", "swapon", "reboot"};
  for (size_t i = 0; i < rare.size(); ++i) {
    runs[8 * i].push_back(rare[i]);
    runs[8 * i + 1].push_back(rare[i]);
  }
  const Confidence sure = Judge({Runs(runs)});
  EXPECT_FALSE(sure.novelty.has_value());
  ASSERT_FALSE(sure.objections.empty());
  EXPECT_NE(sure.objections[0].find("joined by 2, 10 of 40 have 10 calls of their own"), std::string::npos)
      << sure.objections[0];
}

TEST(ConfidenceTest, ACallOfAnotherArchitectureIsNew) {
  Recording recording = Runs(Same(30));
  recording.runs.Update(4, [](syscarve::Run& run) {
    run.subjects[0].calls[FindSyscall(Abi::kI386, "read").value()] = {.count = 1, .programs = {{0, 1}}};
  });
  const Confidence sure = Judge({recording});
  EXPECT_EQ(sure.novelty->novel, 1U);
  EXPECT_EQ(sure.novel_runs[0].names, std::vector<std::string>{"architecture i386"});
}

}  // namespace
}  // namespace syscarve
