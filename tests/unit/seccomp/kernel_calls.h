// SPDX-License-Identifier: Apache-2.0
// Children that load a filter and make raw calls under it. x86_64 only.
#pragma once

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <functional>

#include "userspace/seccomp/compile.h"

namespace syscarve {

// Raw calls: libc's wrappers would touch errno and could make other calls.
inline long Call64(long nr, const uint64_t (&args)[6]) {
  long result;
  register long r10 asm("r10") = static_cast<long>(args[3]);
  register long r8 asm("r8") = static_cast<long>(args[4]);
  register long r9 asm("r9") = static_cast<long>(args[5]);
  asm volatile("syscall"
               : "=a"(result)
               : "a"(nr), "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// int $0x80 takes the arguments from the whole registers; the kernel's filter sees their upper halves, the call does
// not.
inline long Call32(long nr, const uint64_t (&args)[6]) {
  int result;
  register uint64_t sixth asm("r12") = args[5];
  asm volatile("xchg %%rbp, %%r12\n\tint $0x80\n\txchg %%rbp, %%r12"
               : "=a"(result), "+r"(sixth)
               : "a"(static_cast<int>(nr)), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4])
               : "r8", "r9", "r10", "r11", "memory");
  return result;
}

[[noreturn]] inline void Exit(int status) {
  for (;;) Call64(SYS_exit_group, {static_cast<uint64_t>(status), 0, 0, 0, 0, 0});
}

inline bool Load(const FilterProgram& program) {
  const sock_fprog description{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &description) == 0;
}

// The wait status of a child that ran `body`.
inline int InChild(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    Exit(0);
  }
  int status = -1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// Memory, zero at first, that a child leaves something in.
template <typename T>
class Shared {
 public:
  Shared()
      : shared_(static_cast<T*>(mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  ~Shared() { munmap(shared_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T* operator->() const { return shared_; }

 private:
  T* shared_;
};

inline bool HasIa32Emulation() {
  const int status = InChild([] { Exit(Call32(20, {}) > 0 ? 0 : 1); });
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace syscarve
