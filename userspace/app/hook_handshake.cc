// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/hook_handshake.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string_view>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/process/task_status.h"

namespace syscarve {
namespace {

// The limit of oci-seccomp-bpf-hook. The container's start waits for the hook, which is usually much faster.
constexpr std::chrono::seconds kHandshakeLimit{10};
constexpr size_t kMaxErrors = size_t{16} << 10;

sigset_t RecorderSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGUSR1, SIGUSR2, SIGCHLD}) sigaddset(&signals, signal);
  return signals;
}

// The signals are blocked and received by sigtimedwait, but have a handler as well: during sigtimedwait the kernel does
// not show them as blocked, and the recorder sends no signal to a process that it would end.
void ExpectSignals() {
  struct sigaction nothing = {};
  nothing.sa_handler = [](int) {};
  for (const int signal : {SIGUSR1, SIGUSR2, SIGCHLD}) sigaction(signal, &nothing, nullptr);
  const sigset_t signals = RecorderSignals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

// In the recorder: detaches from the session, descriptors and working directory of the hook's caller.
void Detach(int error_fd) {
  setsid();
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  dup2(null, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(error_fd, STDERR_FILENO);
  (void)!chdir("/");
  for (const int signal : {SIGUSR1, SIGUSR2, SIGCHLD}) std::signal(signal, SIG_DFL);
  const sigset_t signals = RecorderSignals();
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

// Whether our parent blocks or handles `signal`; otherwise the signal would kill it.
bool ParentWaitsFor(int signal) {
  const std::optional<TaskStatus> status = TaskStatus::Of(getppid());
  if (!status.has_value()) return false;
  const uint64_t signals = status->Set("SigBlk").value_or(0) | status->Set("SigCgt").value_or(0);
  return (signals >> (signal - 1) & 1) != 0;
}

}  // namespace

HookCaller HookCaller::Parent() {
  return HookCaller(ParentWaitsFor(SIGUSR1) ? getppid() : 0);
}

void HookCaller::Ready() {
  Signal(SIGUSR1);
}

void HookCaller::Failed() {
  Signal(SIGUSR2);
}

void HookCaller::Signal(int signal) {
  const pid_t pid = std::exchange(pid_, 0);
  if (pid == 0 || pid != getppid()) return;
  kill(pid, signal);
  // The hook does not read our standard error from here on, and the pipe to it must not stay open.
  const UniqueFd null(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (null.valid()) dup2(null.get(), STDERR_FILENO);
}

absl::StatusOr<HookFork> HookFork::Start() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return PosixError("pipe", errno);
  UniqueFd hook_end(ends[0]);
  UniqueFd recorder_end(ends[1]);
  ExpectSignals();
  const pid_t hook = getpid();
  const pid_t recorder = fork();
  if (recorder < 0) return PosixError("fork", errno);
  if (recorder == 0) {
    Detach(recorder_end.get());
    hook_end.reset();
  }
  return HookFork(hook, recorder, std::move(hook_end));
}

absl::Status HookFork::WaitUntilReady() const {
  const sigset_t signals = RecorderSignals();
  const auto deadline = std::chrono::steady_clock::now() + kHandshakeLimit;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::nanoseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      kill(recorder_, SIGKILL);
      return absl::DeadlineExceededError(
          Concat("the recorder was not ready within ", kHandshakeLimit.count(), " seconds"));
    }
    const timespec wait = {.tv_sec = left.count() / 1'000'000'000, .tv_nsec = left.count() % 1'000'000'000};
    siginfo_t info = {};
    const int signal = sigtimedwait(&signals, &info, &wait);
    if (signal == SIGUSR1 && info.si_pid == recorder_) return absl::OkStatus();
    if (signal == SIGUSR2 && info.si_pid == recorder_) return absl::FailedPreconditionError("the recorder failed");
    if (signal == SIGCHLD && waitpid(recorder_, nullptr, WNOHANG) == recorder_) {
      return absl::FailedPreconditionError("the recorder ended before it was ready");
    }
  }
}

std::string HookFork::ReadErrors() const {
  std::string words;
  char buffer[1024];
  ssize_t got = 0;
  while (words.size() < kMaxErrors && (got = read(errors_.get(), buffer, sizeof buffer)) > 0) {
    words.append(buffer, static_cast<size_t>(got));
  }
  return words;
}

}  // namespace syscarve
