// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/companions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/base/concat.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class CompanionsTest : public JobTest {
 protected:
  absl::StatusOr<std::vector<CompanionCalls>> Load(const std::vector<std::string>& words) {
    return LoadCompanions(words, Abi::kX86_64);
  }
};

TEST_F(CompanionsTest, AKindIsEverythingShippedOfIt) {
  const auto companions = Load({"exec"});
  ASSERT_TRUE(companions.ok()) << companions.status();
  ASSERT_GT(companions->size(), 1u);
  for (const CompanionCalls& companion : *companions) {
    EXPECT_EQ(companion.kind, "exec");
    EXPECT_THAT(companion.source, testing::EndsWith(", shipped"));
    EXPECT_THAT(companion.names, Contains("execve"));
  }
  EXPECT_EQ(Load({}).value().size(), 0u);
}

TEST_F(CompanionsTest, ARecordingIsWhatItShows) {
  const std::string file =
      Write("shell.recording.json", FormatRecording(RecordingBuilder().Calls({"read", "execve"}).Build()));
  const auto companions = Load({Concat("health=", file)});
  ASSERT_TRUE(companions.ok()) << companions.status();
  ASSERT_EQ(companions->size(), 1u);
  EXPECT_EQ(companions->front().kind, "health");
  EXPECT_EQ(companions->front().source, file);
  EXPECT_THAT(companions->front().names, ElementsAre("execve", "read"));
}

TEST_F(CompanionsTest, AnotherKindIsToldAllThatThereAre) {
  for (const char* word : {"shell", "", "=x", "exec "}) {
    const absl::Status status = Load({word}).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << word;
    EXPECT_THAT(status.message(), HasSubstr("exec, health, init, tty, or KIND=RECORDING"));
  }
}

TEST_F(CompanionsTest, ARecordingThatProvesNothingIsRefused) {
  EXPECT_TRUE(absl::IsNotFound(Load({Concat("exec=", Path("none.recording.json"))}).status()));

  RecordingBuilder elsewhere;
  elsewhere.recording().host.native_abi = Abi::kAarch64;
  Write("arm.recording.json", FormatRecording(elsewhere.Build()));
  const absl::Status other = Load({Concat("exec=", Path("arm.recording.json"))}).status();
  EXPECT_TRUE(absl::IsInvalidArgument(other));
  EXPECT_THAT(other.message(), HasSubstr("was recorded on aarch64, and not on x86_64"));

  RecordingBuilder lossy;
  lossy.recording().losses.push_back({.what = "calls_missed", .count = 1, .missed_calls = true});
  Write("lossy.recording.json", FormatRecording(lossy.Build()));
  const absl::Status lost = Load({Concat("exec=", Path("lossy.recording.json"))}).status();
  EXPECT_TRUE(absl::IsDataLoss(lost)) << lost;
}

}  // namespace
}  // namespace syscarve
