// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "absl/strings/str_format.h"
#include "tests/unit/effort.h"
#include "tests/unit/model/full_recording.h"
#include "tests/unit/policy/random_recordings.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/generate.h"

namespace syscarve {
namespace {

std::string MergedText(const std::vector<Recording>& recordings, const MergeOptions& options = {}) {
  RecordingMerger merger(options);
  for (const Recording& recording : recordings) {
    const absl::Status added = merger.Add(recording);
    EXPECT_TRUE(added.ok()) << added;
  }
  const absl::StatusOr<Recording> merged = merger.Result();
  EXPECT_TRUE(merged.ok()) << merged.status();
  return merged.ok() ? FormatRecording(*merged) : std::string();
}

Recording Two(const Recording& a, const Recording& b) {
  return Merge(a, b).value();
}

// The profile and the capabilities: what a user takes from `generate`.
std::pair<std::string, std::vector<std::string>> Made(const std::vector<Recording>& recordings) {
  GenerateOptions options;
  options.allow_incomplete = true;
  const absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  EXPECT_TRUE(made.ok()) << made.status();
  if (!made.ok()) return {};
  return {FormatProfile(made->profile), made->cap_add};
}

TEST(MergeTest, EveryOrderAndGroupingGivesTheSameBytes) {
  RandomRecordings random(1);
  for (int round = 0; round < InputsToTry(40, 8); ++round) {
    const Recording a = random.Next();
    const Recording b = random.Next();
    const Recording c = random.Next();
    const Recording d = random.Next();
    const std::string merged = MergedText({a, b, c, d});
    std::vector<Recording> order = {a, b, c, d};
    std::vector<int> places(order.size());
    std::iota(places.begin(), places.end(), 0);
    do {
      std::vector<Recording> permuted;
      for (const int place : places) permuted.push_back(order[place]);
      ASSERT_EQ(MergedText(permuted), merged) << round;
    } while (std::ranges::next_permutation(places).found);
    ASSERT_EQ(FormatRecording(Two(Two(a, b), Two(c, d))), merged) << round;
    ASSERT_EQ(FormatRecording(Two(a, Two(b, Two(c, d)))), merged) << round;
    ASSERT_EQ(FormatRecording(Two(Two(Two(d, a), c), b)), merged) << round;
  }
}

TEST(MergeTest, RepetitionChangesNothing) {
  RandomRecordings random(2);
  for (int round = 0; round < InputsToTry(300, 40); ++round) {
    const Recording a = random.Next();
    const Recording b = random.Next();
    const Recording merged = Two(a, b);
    ASSERT_EQ(Two(merged, merged), merged);
    ASSERT_EQ(Two(merged, a), merged);
    ASSERT_EQ(MergedText({a, a}), MergedText({a}));
    ASSERT_EQ(MergedText({a, b, a, b, b}), FormatRecording(merged));
  }
}

TEST(MergeTest, WhatIsWrittenCanBeRead) {
  RandomRecordings random(3);
  for (int round = 0; round < InputsToTry(300, 40); ++round) {
    const Recording merged = Two(random.Next(), random.Next());
    const absl::StatusOr<Recording> read = ParseRecording(FormatRecording(merged));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(*read, merged);
    const std::string squashed = MergedText({random.Next(), random.Next(), merged}, {.squash = "all"});
    ASSERT_TRUE(ParseRecording(squashed).ok()) << ParseRecording(squashed).status();
  }
  const Recording full = FullRecording();
  EXPECT_EQ(ParseRecording(MergedText({full, full})).value(), Two(full, full));
}

TEST(MergeTest, GenerateMakesTheSameOfTheMergedAsOfTheParts) {
  RandomRecordings random(4);
  for (int round = 0; round < 10; ++round) {
    const std::vector<Recording> parts = {random.Next(), random.Next(), random.Next()};
    EXPECT_EQ(Made({ParseRecording(MergedText(parts)).value()}), Made(parts)) << round;
  }
}

TEST(MergeTest, TheSameRunIsOneRunAndTheLargerCountWins) {
  const Recording earlier = RecordingBuilder().Call("read", 3).Call("write", 9).Build();
  const Recording later = RecordingBuilder().Call("read", 5).Call("open", 1).Build();
  const Recording merged = Two(earlier, later);
  ASSERT_EQ(merged.runs.size(), 1U);
  const auto calls = merged.runs[0].subjects.at(0).calls;
  EXPECT_EQ(calls.at({Abi::kX86_64, 0}).count, 5U);
  EXPECT_EQ(calls.at({Abi::kX86_64, 1}).count, 9U);
  EXPECT_EQ(calls.at({Abi::kX86_64, 2}).count, 1U);
  EXPECT_EQ(merged.programs.size(), 1U);
  EXPECT_EQ(merged.subjects.size(), 1U);
}

TEST(MergeTest, CountsAddUpWhereEachKnowsMoreOfAnotherProgram) {
  RecordingBuilder a;
  a.Call("read", 4);
  RecordingBuilder b;
  b.recording().programs = {{.path = "/other"}};
  b.Call("read", 7);
  const Recording merged = Two(a.Build(), b.Build());
  EXPECT_EQ(merged.runs[0].subjects.at(0).calls.at({Abi::kX86_64, 0}).count, 11U);
  // Sorted: /other before /usr/bin/program.
  const std::map<ProgramId, uint64_t> expected = {{0, 7}, {1, 4}};
  EXPECT_EQ(merged.runs[0].subjects.at(0).calls.at({Abi::kX86_64, 0}).programs, expected);
}

TEST(MergeTest, DifferentRunsStayApartByStartThenId) {
  RecordingBuilder late("late", std::string(32, '0'));
  late.run().start = 9'000'000'000;
  const RecordingBuilder c("c", std::string(32, 'c'));
  const RecordingBuilder b("b", std::string(32, 'b'));
  const Recording merged = Two(Two(late.Build(), c.Build()), b.Build());
  ASSERT_EQ(merged.runs.size(), 3U);
  EXPECT_EQ(merged.runs[0].name, "b");
  EXPECT_EQ(merged.runs[1].name, "c");
  EXPECT_EQ(merged.runs[2].name, "late");
}

TEST(MergeTest, OneIncompletePartMakesTheWholeIncomplete) {
  RecordingBuilder lossy;
  lossy.recording().losses = {{.what = "started_before", .count = 1, .missed_calls = true, .detail = "x"}};
  EXPECT_TRUE(Two(RecordingBuilder().Build(), RecordingBuilder().Build()).complete());
  EXPECT_FALSE(Two(RecordingBuilder().Build(), lossy.Build()).complete());
}

TEST(MergeTest, RefusesOtherArchitecturesAndChangesNothing) {
  RecordingBuilder other("other", std::string(32, 'f'));
  other.recording().host.native_abi = Abi::kAarch64;
  RecordingMerger merger;
  ASSERT_TRUE(merger.Add(RecordingBuilder().Call("read").Build()).ok());
  const Recording before = merger.Result().value();
  const absl::Status refused = merger.Add(other.Build());
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(refused.message().find("x86_64 and aarch64"), std::string::npos) << refused;
  EXPECT_EQ(merger.Result().value(), before);
}

TEST(MergeTest, NothingIsNoRecording) {
  EXPECT_EQ(RecordingMerger().Result().status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MergeTest, NamesTheOldestKernelAndTheWeakestMethodAndSaysSo) {
  RecordingBuilder a;
  a.recording().host = {.kernel = "6.18.0", .libseccomp = "2.6.0"};
  a.recording().method = {.backend = "bpf", .events = "all", .capabilities = "none", .denials = "sys_exit"};
  RecordingBuilder b;
  b.recording().host = {.kernel = "6.2.0", .libseccomp = "2.5.4"};
  b.recording().method = {.backend = "notify", .events = "first", .capabilities = "fexit", .denials = "none"};
  RecordingMerger merger;
  ASSERT_TRUE(merger.Add(a.Build()).ok());
  EXPECT_TRUE(merger.warnings().empty());
  ASSERT_TRUE(merger.Add(b.Build()).ok());
  const Recording merged = merger.Result().value();
  EXPECT_EQ(merged.host, (Host{.kernel = "6.2.0", .libseccomp = "2.5.4"}));
  EXPECT_EQ(merged.method,
            (Method{.backend = "notify", .events = "first", .capabilities = "fexit", .denials = "none"}));
  EXPECT_EQ(merger.warnings().size(), 3U);
}

TEST(MergeTest, HardeningEvidenceOfEachRecordingIsKeptAndWhoHasNoneIsSaid) {
  Recording one;
  one.programs = {{.path = "/bin/b"}};
  one.subjects = {{.name = "web"}};
  one.subjects[0].hardening.emplace().files[{.path = "/x"}].uses[0] = FileUse::kRead;
  Recording other = one;
  other.programs = {{.path = "/bin/a"}};
  other.subjects[0].hardening->files[{.path = "/x"}].uses[0] = FileUse::kWritten;
  const HardeningEvidence both = Two(one, other).subjects.at(0).hardening.value_or(HardeningEvidence());
  EXPECT_EQ(both.files.at({.path = "/x"}).uses,
            (std::map<ProgramId, FileUses>{{0, FileUse::kWritten}, {1, FileUse::kRead}}));
  EXPECT_TRUE(both.missing.empty());
  other.subjects[0].hardening.reset();
  EXPECT_EQ(Two(one, other).subjects.at(0).hardening.value_or(HardeningEvidence()).missing,
            std::set<std::string>{"recordings"});
  one.subjects[0].hardening.reset();
  EXPECT_FALSE(Two(one, other).subjects.at(0).hardening.has_value());
}

TEST(MergeTest, CountsThatDoNotFitAreRefusedAndNotWrapped) {
  RecordingBuilder a;
  a.Call("read", UINT64_MAX);
  RecordingBuilder b;
  b.recording().programs = {{.path = "/other"}};
  b.Call("read", 1);
  const absl::StatusOr<Recording> merged = Merge(a.Build(), b.Build());
  EXPECT_EQ(merged.status().code(), absl::StatusCode::kInvalidArgument) << merged.status();
}

// Recordings of one program in containers that are never the same.
Recording InAContainer(unsigned n) {
  RecordingBuilder builder("", absl::StrFormat("%032x", n));
  builder.Calls({"read", "write"}).Call("open", 1 + n).Capability("CAP_SYS_NICE", "sched_setscheduler", 0, 5);
  builder.Capability("CAP_SYS_ADMIN", "sched_setscheduler", n == 0 ? 5 : 3, 0);
  builder.recording().programs[0].inode = n;
  Subject& subject = builder.recording().subjects[0];
  subject = {.kind = SubjectKind::kContainer, .name = "web", .cgroup = Concat("/docker/", n)};
  subject.container = Container{.id = Concat(n), .name = Concat("web-", n), .image = "nginx"};
  subject.container->labels = {{"session", Concat(n)}, {std::string(kComposeServiceLabel), "web"}};
  return builder.Build();
}

TEST(MergeTest, SquashKeepsWhatWasDoneAndNotHowOften) {
  std::vector<Recording> parts;
  for (unsigned n = 0; n < 20; ++n) parts.push_back(InAContainer(n));
  const std::string text = MergedText(parts, {.squash = "nightly"});
  const Recording squashed = ParseRecording(text).value();
  ASSERT_EQ(squashed.runs.size(), 1U);
  EXPECT_EQ(squashed.runs[0].name, "nightly");
  EXPECT_EQ(squashed.programs.size(), 1U);
  ASSERT_EQ(squashed.subjects.size(), 1U);
  EXPECT_EQ(squashed.subjects[0].container->image, "nginx");
  EXPECT_EQ(squashed.subjects[0].container->labels.size(), 1U);
  // Sums, not maxima: verdicts on capabilities compare counts.
  EXPECT_EQ(squashed.runs[0].subjects.at(0).calls.at({Abi::kX86_64, 2}).count, 210U);
  EXPECT_EQ(Made({squashed}), Made(parts));
  std::ranges::reverse(parts);
  EXPECT_EQ(MergedText(parts, {.squash = "nightly"}), text);
}

TEST(MergeTest, SquashesOfDifferentRunsAreDifferentRuns) {
  const std::string a = MergedText({InAContainer(1), InAContainer(2)}, {.squash = "x"});
  const std::string b = MergedText({InAContainer(1), InAContainer(3)}, {.squash = "x"});
  const Recording merged = Two(ParseRecording(a).value(), ParseRecording(b).value());
  EXPECT_EQ(merged.runs.size(), 2U);
}

TEST(MergeTest, SquashGivesTheProfileOfTheParts) {
  RandomRecordings random(5);
  for (int round = 0; round < 10; ++round) {
    std::vector<Recording> parts;
    for (int n = 0; n < 3; ++n) {
      parts.push_back(random.Next());
      // A run of its own for each: squash does not know one again.
      RunList& runs = parts.back().runs;
      for (size_t i = 0; i < runs.size(); ++i) {
        runs.Update(i, [n](auto& run) { run.id[0] = static_cast<char>('0' + n); });
      }
    }
    EXPECT_EQ(Made({ParseRecording(MergedText(parts, {.squash = "x"})).value()}).first, Made(parts).first) << round;
  }
}

TEST(MergeTest, GivesUpOnWhatNoFileCanHold) {
  RecordingMerger merger({.max_bytes = 1'000'000});
  absl::Status added;
  unsigned n = 0;
  for (; added.ok() && n < 10'000; ++n) {
    RecordingBuilder builder("", absl::StrFormat("%032x", n));
    for (int nr = 0; nr < 330; ++nr) builder.CallNumber({Abi::kX86_64, nr});
    added = merger.Add(builder.Build());
  }
  EXPECT_EQ(added.code(), absl::StatusCode::kResourceExhausted) << added;
  EXPECT_NE(added.message().find("--squash"), std::string::npos);
}

}  // namespace
}  // namespace syscarve
