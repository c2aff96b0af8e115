// SPDX-License-Identifier: Apache-2.0
// Filters read out of real processes. Needs what PTRACE_SECCOMP_GET_FILTER needs; skips, saying so, without it.
#include "userspace/process/live_filter.h"

#include <gtest/gtest.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

// Answers getppid with `error` and lets all else through.
std::vector<sock_filter> Refusing(uint16_t error) {
  return {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
          BPF_STMT(BPF_RET | BPF_K, static_cast<uint32_t>(SECCOMP_RET_ERRNO) | error),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
}

constexpr int kQueued = 3000;
volatile sig_atomic_t received = 0;

// A child that has installed `filters`, in this order, and waits in a read until it is let go. Then it exits with 7,
// with 8 when it has received exactly kQueued signals SIGRTMIN, and with 9 for another number or when the read was
// disturbed.
class Child {
 public:
  explicit Child(const std::vector<std::vector<sock_filter>>& filters) {
    int ready[2];
    int go[2];
    if (pipe(ready) != 0 || pipe(go) != 0) std::abort();
    pid_ = fork();
    if (pid_ == 0) {
      close(go[1]);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      struct sigaction action {};
      action.sa_handler = [](int) { received = received + 1; };
      action.sa_flags = SA_RESTART;
      sigaction(SIGRTMIN, &action, nullptr);
      prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
      for (const auto& filter : filters) {
        const sock_fprog program{static_cast<unsigned short>(filter.size()), const_cast<sock_filter*>(filter.data())};
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) _exit(1);
      }
      char byte = 0;
      if (write(ready[1], &byte, 1) != 1) _exit(1);
      if (read(go[0], &byte, 1) != 1) _exit(9);
      _exit(received == 0 ? 7 : received == kQueued ? 8 : 9);
    }
    close(ready[1]);
    close(go[0]);
    go_ = UniqueFd(go[1]);
    char byte = 0;
    is_ready_ = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
  }
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  bool ready() const { return is_ready_; }

  int LetGoAndWait() {
    char byte = 0;
    if (write(go_.get(), &byte, 1) != 1) return -1;
    return Wait();
  }
  int Wait() {
    int status = -1;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return status;
  }

 private:
  pid_t pid_;
  UniqueFd go_;
  bool is_ready_ = false;
};

char State(pid_t pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(stat, text);
  return text.empty() ? ' ' : text[text.rfind(')') + 2];
}

// Runs `body` in a child and returns what it exits with.
int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = -1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool SameCode(const std::vector<sock_filter>& a, const std::vector<sock_filter>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const sock_filter& x, const sock_filter& y) {
    return x.code == y.code && x.jt == y.jt && x.jf == y.jf && x.k == y.k;
  });
}

class LiveFilterTest : public testing::Test {
 protected:
  void SetUp() override {
    const Child child({Refusing(5)});
    ASSERT_TRUE(child.ready());
    const auto probe = ReadLiveFilters(child.pid());
    if (!probe.ok() && !absl::IsNotFound(probe.status())) GTEST_SKIP() << probe.status();
  }
};

TEST_F(LiveFilterTest, ReadsAllFiltersNewestFirstAndDisturbsNothing) {
  Child child({Refusing(5), Refusing(6), Refusing(7)});
  ASSERT_TRUE(child.ready());
  for (int round = 0; round < 20; ++round) {
    const auto filters = ReadLiveFilters(child.pid());
    ASSERT_TRUE(filters.ok()) << filters.status();
    ASSERT_EQ(filters->size(), 3U);
    EXPECT_TRUE(SameCode((*filters)[0], Refusing(7))) << "the newest first";
    EXPECT_TRUE(SameCode((*filters)[2], Refusing(5)));
  }
  const int status = child.LetGoAndWait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_F(LiveFilterTest, AStoppedProcessStaysStopped) {
  Child child({Refusing(5)});
  ASSERT_TRUE(child.ready());
  kill(child.pid(), SIGSTOP);
  int status = 0;
  ASSERT_EQ(waitpid(child.pid(), &status, WUNTRACED), child.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  const auto filters = ReadLiveFilters(child.pid());
  ASSERT_TRUE(filters.ok()) << filters.status();
  EXPECT_EQ(filters->size(), 1U);
  // It runs for a moment, to find that it is to be stopped. The test's own time-out ends a failure.
  while (State(child.pid()) != 'T') sched_yield();
  kill(child.pid(), SIGCONT);
  status = child.LetGoAndWait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

TEST_F(LiveFilterTest, ASignalThatIsUnderWayArrives) {
  for (int round = 0; round < 50; ++round) {
    Child child({Refusing(5)});
    ASSERT_TRUE(child.ready());
    kill(child.pid(), SIGTERM);
    // Alive, dying or dead: an answer, or that it is gone. Read by another process, since a parent that traces its
    // child takes its end away from itself.
    const int code = InChild([&] { return static_cast<int>(ReadLiveFilters(child.pid()).status().code()); });
    EXPECT_TRUE(code == static_cast<int>(absl::StatusCode::kOk) ||
                code == static_cast<int>(absl::StatusCode::kNotFound))
        << code;
    const int status = child.Wait();
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
  }
}

TEST_F(LiveFilterTest, NoSignalIsLost) {
  Child child({Refusing(5)});
  ASSERT_TRUE(child.ready());
  const pid_t reader = fork();
  if (reader == 0) {
    for (int round = 0; round < 500; ++round) {
      if (!ReadLiveFilters(child.pid()).ok()) _exit(1);
    }
    _exit(0);
  }
  for (int sent = 0; sent < kQueued;) {
    // The queue has a length; then the child must get on first.
    sigqueue(child.pid(), SIGRTMIN, {}) == 0 ? ++sent : sched_yield();
  }
  int status = -1;
  waitpid(reader, &status, 0);
  EXPECT_EQ(status, 0);
  status = child.LetGoAndWait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 8) << status;
}

TEST_F(LiveFilterTest, WithoutAFilterTheAnswerIsNo) {
  Child child({});
  ASSERT_TRUE(child.ready());
  EXPECT_EQ(ReadLiveFilters(child.pid()).status().code(), absl::StatusCode::kAborted);
}

TEST_F(LiveFilterTest, NoSuchProcessAndTheDead) {
  EXPECT_EQ(ReadLiveFilters(0x3ffffff).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadLiveFilters(0).status().code(), absl::StatusCode::kInvalidArgument);
  const pid_t dead = fork();
  if (dead == 0) _exit(0);
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(dead), &info, WEXITED | WNOWAIT);
  EXPECT_EQ(ReadLiveFilters(dead).status().code(), absl::StatusCode::kNotFound);
  waitpid(dead, nullptr, 0);
}

TEST_F(LiveFilterTest, WhoMayNotIsTold) {
  Child child({Refusing(5)});
  ASSERT_TRUE(child.ready());
  const auto code = [&] { return static_cast<int>(ReadLiveFilters(child.pid()).status().code()); };
  EXPECT_EQ(InChild([&] { return setuid(65534) != 0 ? 99 : code(); }),
            static_cast<int>(absl::StatusCode::kPermissionDenied));
  EXPECT_EQ(InChild([&] {
              const std::vector<sock_filter> own = Refusing(5);
              const sock_fprog program{static_cast<unsigned short>(own.size()), const_cast<sock_filter*>(own.data())};
              prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
              if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return 99;
              return code();
            }),
            static_cast<int>(absl::StatusCode::kFailedPrecondition));
  ASSERT_EQ(ptrace(PTRACE_SEIZE, child.pid(), nullptr, nullptr), 0);
  EXPECT_EQ(InChild(code), static_cast<int>(absl::StatusCode::kFailedPrecondition)) << "traced by this test";
  const int status = child.LetGoAndWait();
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7) << status;
}

}  // namespace
}  // namespace syscarve
