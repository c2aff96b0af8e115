// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/hook_handshake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

namespace syscarve {
namespace {

using testing::HasSubstr;

// A hook waits for signals; what it makes of them is gone when the test is over.
class HookForkTest : public testing::Test {
 protected:
  void SetUp() override {
    sigprocmask(SIG_SETMASK, nullptr, &mask_);
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], nullptr, &actions_[i]);
  }
  void TearDown() override {
    for (size_t i = 0; i < std::size(kSignals); ++i) sigaction(kSignals[i], &actions_[i], nullptr);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }

  // What the hook learns of a recorder that does this and then ends.
  absl::Status Hook(const std::function<void(const HookFork&)>& recorder, std::string* errors = nullptr) {
    const absl::StatusOr<HookFork> fork = HookFork::Start();
    if (!fork.ok()) return fork.status();
    if (fork->is_recorder()) {
      recorder(*fork);
      _exit(0);
    }
    absl::Status status = fork->WaitUntilReady();
    if (errors != nullptr) *errors = fork->ReadErrors();
    while (waitpid(-1, nullptr, 0) > 0) {
    }
    return status;
  }

  static void Say(std::string_view words) { (void)!write(STDERR_FILENO, words.data(), words.size()); }

 private:
  static constexpr int kSignals[] = {SIGUSR1, SIGUSR2, SIGCHLD};
  sigset_t mask_ = {};
  struct sigaction actions_[std::size(kSignals)] = {};
};

TEST_F(HookForkTest, ReturnsWhenTheRecorderIsReady) {
  std::string errors;
  const absl::Status status = Hook(
      [](const HookFork& fork) {
        HookCaller caller(fork.hook());
        caller.Ready();
        // Nobody reads it any more, and a second word would be another process's.
        Say("late");
        caller.Failed();
      },
      &errors);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(errors, "");
}

TEST_F(HookForkTest, ToldOfAFailureItHasTheWords) {
  std::string errors;
  const absl::Status status = Hook(
      [](const HookFork& fork) {
        Say("no cgroup\n");
        HookCaller(fork.hook()).Failed();
      },
      &errors);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
  EXPECT_EQ(errors, "no cgroup\n");
}

TEST_F(HookForkTest, ARecorderThatEndsOrDiesIsNotWaitedFor) {
  std::string errors;
  EXPECT_THAT(Hook([](const HookFork&) { Say("oh"); }, &errors).message(), HasSubstr("ended before it was ready"));
  EXPECT_EQ(errors, "oh");
  EXPECT_THAT(Hook([](const HookFork&) { abort(); }).message(), HasSubstr("ended before it was ready"));
}

TEST_F(HookForkTest, ReadsNoMoreThanSoMuch) {
  std::string errors;
  Hook(
      [](const HookFork& fork) {
        Say(std::string(40'000, 'x'));
        HookCaller(fork.hook()).Failed();
      },
      &errors)
      .IgnoreError();
  EXPECT_GE(errors.size(), 16u << 10);
  EXPECT_LT(errors.size(), 20u << 10);
}

TEST_F(HookForkTest, TheRecorderFindsTheHookByItself) {
  EXPECT_TRUE(Hook([](const HookFork&) { HookCaller::Parent().Ready(); }).ok());
}

TEST(HookCallerTest, WhoDoesNotWaitIsSentNothing) {
  const pid_t child = fork();
  if (child == 0) {
    // Of this test's process the signal would be the end.
    HookCaller::Parent().Ready();
    _exit(7);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

}  // namespace
}  // namespace syscarve
