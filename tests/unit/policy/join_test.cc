// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/join.h"

#include <gtest/gtest.h>

#include "tests/unit/effort.h"
#include "tests/unit/policy/random_recordings.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/policy/generate.h"
#include "userspace/policy/merge.h"

namespace syscarve {
namespace {

std::vector<Run> JoinedRuns(const std::vector<Recording>& recordings) {
  std::vector<Run> runs;
  const absl::Status joined = ForEachJoinedRun(recordings, [&runs](const Recording&, const syscarve::Run& run) {
    runs.push_back(run);
    return absl::OkStatus();
  });
  EXPECT_TRUE(joined.ok()) << joined;
  return runs;
}

TEST(JoinTest, RunByRunIsWhatTheMergerKeeps) {
  RandomRecordings random(5);
  for (int round = 0; round < InputsToTry(200, 40); ++round) {
    const std::vector<Recording> parts = {random.Next(), random.Next(), random.Next()};
    RecordingMerger merger;
    for (const Recording& part : parts) ASSERT_TRUE(merger.Add(part).ok());
    const Recording merged = merger.Result().value();
    std::vector<syscarve::Run> kept;
    for (const syscarve::Run& run : merged.runs) kept.push_back(run);
    ASSERT_EQ(JoinedRuns(parts), kept) << round;
  }
}

// Not only the profile: also each sighting, refusal and count that is told of it.
TEST(JoinTest, AllThatGenerateTellsIsTheSameOfTheMergedAsOfTheParts) {
  RandomRecordings random(6);
  const GenerateOptions options = {.allow_incomplete = true};
  for (int round = 0; round < 10; ++round) {
    const std::vector<Recording> parts = {random.Next(), random.Next()};
    const std::vector<Recording> merged = {Merge(parts[0], parts[1]).value()};
    const GeneratedProfile of_parts = Generate(parts, options).value();
    const GeneratedProfile of_merged = Generate(merged, options).value();
    EXPECT_EQ(of_parts.calls, of_merged.calls) << round;
    EXPECT_EQ(of_parts.refused, of_merged.refused) << round;
    EXPECT_EQ(of_parts.warnings, of_merged.warnings) << round;
  }
}

TEST(JoinTest, AVisitorsErrorEndsTheWalk) {
  Recording recording = RecordingBuilder().Call("read").Build();
  recording.runs.push_back(RecordingBuilder("", std::string(32, 'b')).Call("write").Build().runs[0]);
  int visited = 0;
  const absl::Status joined = ForEachJoinedRun({&recording, 1}, [&visited](const Recording&, const syscarve::Run&) {
    ++visited;
    return absl::InternalError("enough");
  });
  EXPECT_EQ(joined.message(), "enough");
  EXPECT_EQ(visited, 1);
}

TEST(JoinTest, CountsThatDoNotFitAreAnErrorThatNamesTheRun) {
  std::vector<Recording> parts;
  for (const char* const path : {"/bin/a", "/bin/b"}) {
    RecordingBuilder builder;
    builder.recording().programs[0].path = path;
    parts.push_back(builder.Call("read", UINT64_MAX).Build());
  }
  const absl::Status status = Generate(parts, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find(std::string(32, 'a')), std::string::npos) << status;
}

}  // namespace
}  // namespace syscarve
