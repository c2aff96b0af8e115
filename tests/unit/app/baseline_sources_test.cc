// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/baseline_sources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/shipped/baseline.h"

namespace syscarve {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

// Of a container that runc 1.1.5 has started, seen by an engine.
Recording Containers() {
  RecordingBuilder builder;
  builder.Call("read");
  Subject& subject = builder.recording().subjects[0];
  subject.kind = SubjectKind::kContainer;
  subject.container = Container{};
  subject.container->runtime = {.name = "runc", .version = "1.1.5"};
  return builder.Build();
}

Baseline Measured() {
  return {.runtime = "runc",
          .version = "1.1.5",
          .no_new_privs = false,
          .abi = Abi::kX86_64,
          .names = {"execve", "read"},
          .provenance = "Measured for a test."};
}

class BaselineSourcesTest : public JobTest {
 protected:
  absl::StatusOr<BaselineSources> Load(const BaselineRequest& request, bool containers = true) {
    return BaselineSources::Load(request, containers, notes_);
  }
  KeptNotes notes_;
};

TEST_F(BaselineSourcesTest, NoneIsNone) {
  const BaselineSources sources = Load({.baseline = "none"}).value();
  const std::vector<Recording> recordings = {Containers()};
  EXPECT_THAT(sources.Choose(recordings).baselines, IsEmpty());
  EXPECT_THAT(sources.Choose(recordings).warnings, IsEmpty());
}

TEST_F(BaselineSourcesTest, AGivenFileIsForEveryRecording) {
  const std::string file = Write("runc.json", FormatBaseline(Measured()));
  const BaselineSources sources = Load({.baseline = file}).value();
  const std::vector<Recording> recordings = {RecordingBuilder().Call("read").Build()};
  ASSERT_THAT(sources.Choose(recordings).baselines, testing::Not(IsEmpty()));
  EXPECT_FALSE(Load({.baseline = Path("none.json")}).ok());
}

TEST_F(BaselineSourcesTest, WhatWasMeasuredHereComesFirst) {
  Write("measured/runc.json", FormatBaseline(Measured()));
  Write("measured/broken.json", "{]");
  const std::vector<KnownBaseline> known = FindKnownBaselines(Path("measured"), notes_).value();
  ASSERT_GT(known.size(), 1U);
  EXPECT_EQ(known.front().origin, BaselineOrigin::kHost);
  EXPECT_EQ(known.front().baseline.provenance, "Measured for a test.");
  EXPECT_EQ(known.back().origin, BaselineOrigin::kShipped);
  ASSERT_EQ(notes_.warnings.size(), 1U);
  EXPECT_THAT(notes_.warnings[0], HasSubstr("broken.json"));
}

TEST_F(BaselineSourcesTest, WithoutContainersNothingIsRead) {
  EXPECT_TRUE(Load({.baseline = "auto", .folder = Path("none")}, /*containers=*/false).ok());
  const absl::Status status = Load({.baseline = "auto", .folder = Path("none")}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("open the folder of baselines " + Path("none")));
}

TEST_F(BaselineSourcesTest, ContainersAreTheirSubjects) {
  EXPECT_TRUE(HasContainers(Containers()));
  EXPECT_FALSE(HasContainers(RecordingBuilder().Build()));
}

}  // namespace
}  // namespace syscarve
