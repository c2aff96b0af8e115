// SPDX-License-Identifier: Apache-2.0
// What the recorder falls back on where membarrier(2) is refused.
#include "userspace/trace/program_barrier.h"

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#include "userspace/trace/bpf_event_source.h"

namespace syscarve {
namespace {

// Does `what` in a child that is refused membarrier, and gives its exit status.
template <typename What>
int WithoutMembarrier(What what) {
  const pid_t child = fork();
  if (child == 0) {
    sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const sock_fprog program = {.len = 4, .filter = instructions};
    constexpr int kCannot = 125;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) _exit(kCannot);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) _exit(kCannot);
    _exit(what());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ProgramBarrierTest, AsksTheKernelWhereItMay) {
  EXPECT_EQ(ProgramBarrier::Create().Wait(), ProgramBarrier::Kind::kMembarrier);
}

TEST(ProgramBarrierTest, HasAnotherWayWithoutMembarrier) {
  if (!ProbeBpfRecording().ok()) GTEST_SKIP() << "BPF cannot be used here";
  const auto kind = [] { return static_cast<int>(ProgramBarrier::Create().Wait()); };
  EXPECT_EQ(WithoutMembarrier(kind), static_cast<int>(ProgramBarrier::Kind::kMapOfMaps));
}

TEST(ProgramBarrierTest, SaysWhenItOnlySlept) {
  const auto kind = [] { return static_cast<int>(ProgramBarrier().Wait()); };
  EXPECT_EQ(WithoutMembarrier(kind), static_cast<int>(ProgramBarrier::Kind::kSlept));
}

TEST(ProgramBarrierTest, ARecordingWithoutMembarrierLosesNothing) {
  if (!ProbeBpfRecording().ok()) GTEST_SKIP() << "BPF cannot be used here";
  EXPECT_EQ(WithoutMembarrier([] {
              auto source = BpfEventSource::Create({});
              if (!source.ok()) return 2;
              EventReader events(NativeAbi(), 0);
              const auto snapshot = (*source)->Finish(events);
              return snapshot.ok() && !snapshot->unsettled ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace syscarve
