// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "userspace/process/command.h"

namespace syscarve {
namespace {

bool Readable(const SignalForwarder& signals) {
  pollfd watched{.fd = signals.fd(), .events = POLLIN};
  return poll(&watched, 1, 10'000) == 1;
}

// A child that dies of the signals that it gets.
pid_t StartTarget() {
  const pid_t child = fork();
  if (child == 0) {
    ExecImage::ResetSignals();
    while (true) pause();
  }
  return child;
}

TEST(SignalForwarderTest, PassesOnWhatWasSentToUsAlone) {
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok()) << signals.status();
  const pid_t target = StartTarget();
  signals->SetTarget(target);
  // From a process that is neither the target nor below us would be best; ourselves is as good: we are not below
  // ourselves.
  kill(getpid(), SIGUSR1);
  ASSERT_TRUE(Readable(*signals));
  const SignalForwarder::News first = signals->HandlePending();
  EXPECT_FALSE(first.asked_to_end);
  int status = 0;
  ASSERT_EQ(waitpid(target, &status, 0), target);
  EXPECT_EQ(ShellStatus(status), 128 + SIGUSR1);
  // The target may have died while the first batch was still being read.
  if (!first.child_changed) {
    ASSERT_TRUE(Readable(*signals));
    EXPECT_TRUE(signals->HandlePending().child_changed);
  }
}

TEST(SignalForwarderTest, DoesNotReturnTheTreesOwnSignals) {
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok()) << signals.status();
  const pid_t target = StartTarget();
  signals->SetTarget(target);
  const pid_t sender = fork();
  if (sender == 0) {
    kill(getppid(), SIGTERM);
    while (true) pause();
  }
  ASSERT_TRUE(Readable(*signals));
  signals->HandlePending();
  kill(sender, SIGKILL);
  waitpid(sender, nullptr, 0);
  int status = 0;
  EXPECT_EQ(waitpid(target, &status, WNOHANG), 0) << "the target got its own tree's signal back";
  kill(target, SIGKILL);
  waitpid(target, nullptr, 0);
}

TEST(SignalForwarderTest, WithoutATargetTheUserWantsTheEnd) {
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok()) << signals.status();
  kill(getpid(), SIGUSR2);
  EXPECT_FALSE(signals->HandlePending().asked_to_end);
  kill(getpid(), SIGINT);
  EXPECT_TRUE(signals->HandlePending().asked_to_end);
  EXPECT_FALSE(signals->HandlePending().asked_to_end);
}

// As a terminal's Ctrl-C does, which the command has had, and ended by, before it is read here.
TEST(SignalForwarderTest, ASignalThatWaitsAtTheEndEndsNobody) {
  {
    auto signals = SignalForwarder::Create();
    ASSERT_TRUE(signals.ok()) << signals.status();
    kill(getpid(), SIGINT);
    kill(getpid(), SIGTERM);
  }
  sigset_t pending;
  sigpending(&pending);
  EXPECT_FALSE(sigismember(&pending, SIGINT));
  EXPECT_FALSE(sigismember(&pending, SIGTERM));
}

TEST(SignalForwarderTest, PutsMaskAndDispositionBack) {
  struct sigaction ignore = {}, old, now;
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGCHLD, &ignore, &old);
  sigset_t before, after;
  sigprocmask(SIG_SETMASK, nullptr, &before);
  {
    auto signals = SignalForwarder::Create();
    ASSERT_TRUE(signals.ok()) << signals.status();
    sigaction(SIGCHLD, nullptr, &now);
    EXPECT_EQ(now.sa_handler, SIG_DFL);
  }
  sigprocmask(SIG_SETMASK, nullptr, &after);
  sigaction(SIGCHLD, nullptr, &now);
  EXPECT_EQ(now.sa_handler, SIG_IGN);
  for (int signal = 1; signal < SIGRTMAX; ++signal) {
    EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
  }
  sigaction(SIGCHLD, &old, nullptr);
}

}  // namespace
}  // namespace syscarve
