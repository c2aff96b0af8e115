// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>

namespace syscarve {
namespace {

Recording With(std::optional<Timeline> timeline, std::string subject = "web") {
  Recording recording;
  recording.subjects.push_back({.kind = SubjectKind::kCommand, .name = std::move(subject)});
  Run run{.id = "1", .name = "unit tests"};
  run.subjects[0].timeline = std::move(timeline);
  recording.runs.push_back(std::move(run));
  return recording;
}

constexpr uint64_t kMillisecond = 1'000'000;

TEST(TimelineTest, ALineForEachBucket) {
  const absl::StatusOr<std::string> text =
      TimelineText(With(Timeline{.start = 5, .bucket_nanos = 250 * kMillisecond, .counts = {120, 0, 1, 60}}));
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(*text, std::string("run \"unit tests\", web: 181 calls in 1.000 s\n"
                               "       0.000 s          120 ") +
                       std::string(60, '#') +
                       "\n"
                       "       0.250 s            0\n"
                       "       0.500 s            1 #\n"
                       "       0.750 s           60 " +
                       std::string(30, '#') + "\n");
}

TEST(TimelineTest, ManyBucketsAreJoined) {
  const Recording recording = With(Timeline{.bucket_nanos = kMillisecond, .counts = std::vector<uint64_t>(1024, 2)});
  const std::string text = TimelineText(recording).value();
  EXPECT_LE(std::ranges::count(text, '\n'), 41);
  EXPECT_NE(text.find("2048 calls in 1.024 s"), std::string::npos) << text;
  EXPECT_NE(text.find("       0.026 s           52 "), std::string::npos) << text;
  EXPECT_NE(text.find("       1.014 s           20 "), std::string::npos) << "the last line has what is left\n" << text;
}

TEST(TimelineTest, HostileCountsAndNamesDoNoHarm) {
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  const Recording recording = With(Timeline{.bucket_nanos = kMost, .counts = {kMost, kMost}}, "a\x1b[31m\nb");
  const std::string text = TimelineText(recording).value();
  EXPECT_NE(text.find(std::to_string(kMost) + " calls"), std::string::npos) << text;
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(TimelineJson(recording).value().find('\x1b'), std::string::npos);
  EXPECT_TRUE(TimelineText(With(Timeline{.bucket_nanos = 1})).ok()) << "no bucket at all";
}

TEST(TimelineTest, Json) {
  std::string json = TimelineJson(With(Timeline{.start = 5, .bucket_nanos = 7, .counts = {1, 2}})).value();
  std::erase_if(json, [](char c) { return c == ' ' || c == '\n'; });
  EXPECT_EQ(json,
            R"({"schema":"syscarve.timeline/1","timelines":[{"run":"unittests","run_id":"1","subject":"web","start":5,)"
            R"("bucket_nanos":7,"calls":3,"counts":[1,2]}]})");
}

TEST(TimelineTest, WithoutOneItIsAnError) {
  const Recording recording = With(std::nullopt);
  EXPECT_TRUE(absl::IsInvalidArgument(TimelineText(recording).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(TimelineJson(recording).status()));
}

}  // namespace
}  // namespace syscarve
