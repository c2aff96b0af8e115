// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/refusal_trials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <string_view>
#include <vector>

namespace syscarve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Silence : public Notes {
 public:
  void Warn(std::string_view) override {}
  void Note(std::string_view) override {}
  void Error(const absl::Status&) override {}
};

const CallWithValues kUnix = {.call = "socket", .values = {AF_UNIX, SOCK_STREAM, 0}};
const CallWithValues kUdp = {.call = "socket", .values = {AF_INET, SOCK_DGRAM, 0}};
const CallWithValues kFcntl = {.call = "fcntl", .values = {1}};

// A command that fails without read and without UDP, and is refused something without stat.
class RefusalTrialsTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::StatusOr<bool> goes_on =
        trials_.RunReference([](ProofTrials::Limit) -> absl::StatusOr<ProofRun> { return ProofRun(); });
    ASSERT_TRUE(goes_on.ok() && *goes_on);
  }

  RefusalTrials Trials(std::string obstacle = "") {
    return RefusalTrials(trials_, "web", 0, std::move(obstacle),
                         [this](const Refusals& refused, ProofTrials::Limit) -> absl::StatusOr<ProofRun> {
                           ++runs_;
                           ProofRun run;
                           if (refused.calls.contains("read") || refused.values.contains(kUdp)) run.status = 1;
                           if (refused.calls.contains("stat")) {
                             run.refusals.insert({.service = "web", .program = "a", .call = "open", .error = 13});
                           }
                           return run;
                         });
  }

  Silence notes_;
  ProofRequest request_;
  ProofTrials trials_{request_, notes_};
  int runs_ = 0;
};

TEST_F(RefusalTrialsTest, CallsThatAreMadeAndNotNeeded) {
  Refusals refused;
  const auto proven = Trials().ProveCalls({"close", "execve", "read", "stat"}, refused);
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_THAT(NamesOf(*proven, ProofVerdict::kNeeded), ElementsAre("execve", "read", "stat"));
  EXPECT_THAT(NamesOf(*proven, ProofVerdict::kNotNeeded), ElementsAre("close"));
  EXPECT_THAT(refused.calls, ElementsAre("close"));
  EXPECT_EQ((*proven)[2].why, "exit status 1 instead of success");
  EXPECT_EQ((*proven)[3].why, "web: a is refused open with EACCES");
}

TEST_F(RefusalTrialsTest, ArgumentsAreTriedWithoutTheCallsThatAreNotNeeded) {
  Refusals refused = {.calls = {"fcntl"}, .values = {}};
  const auto proven =
      Trials().ProveArguments({.calls = {}, .values = {kUnix, kUdp, kFcntl}, .open = {"prctl"}}, refused);
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_THAT(NamesOf(*proven, ProofVerdict::kNeeded), ElementsAre("socket(AF_INET, SOCK_DGRAM, IPPROTO_IP)"));
  EXPECT_THAT(NamesOf(*proven, ProofVerdict::kNotNeeded), ElementsAre("socket(AF_UNIX, SOCK_STREAM, 0)"));
  EXPECT_THAT(refused.values, ElementsAre(kUnix));
  EXPECT_THAT(trials_.proof().remarks,
              ElementsAre("web: not tried, because not all arguments are known, or no filter sees them: prctl"));
  // The trials say all that was refused.
  EXPECT_THAT(trials_.proof().tried.front().without,
              ElementsAre("fcntl", "socket(AF_INET, SOCK_DGRAM, IPPROTO_IP)", "socket(AF_UNIX, SOCK_STREAM, 0)"));
}

TEST_F(RefusalTrialsTest, ANewRefusalMustComeTwice) {
  Refusals refused;
  ASSERT_TRUE(Trials().ProveCalls({"stat"}, refused).ok());
  EXPECT_EQ(runs_, 2);
  EXPECT_THAT(refused.calls, IsEmpty());
}

TEST_F(RefusalTrialsTest, WithAnObstacleAllIsUndecidedAndNothingIsRun) {
  Refusals refused;
  const auto proven = Trials("it is privileged").ProveCalls({"read"}, refused);
  ASSERT_TRUE(proven.ok()) << proven.status();
  EXPECT_THAT(NamesOf(*proven, ProofVerdict::kUndecided), ElementsAre("read"));
  EXPECT_THAT(proven->front().why, HasSubstr("privileged"));
  EXPECT_EQ(runs_, 0);
}

}  // namespace
}  // namespace syscarve
