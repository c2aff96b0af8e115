// SPDX-License-Identifier: Apache-2.0
// The child of a supervisor, from clone to execve: it assumes its identity, installs the filter, and passes the
// listener to the supervisor. For supervisor.cc only.
#pragma once

#include <linux/filter.h>
#include <sys/mman.h>

#include <atomic>
#include <new>

#include "userspace/base/status.h"
#include "userspace/process/command.h"

namespace syscarve {

// The child's report to its parent. In a shared page, because once the filter is installed every system call of the
// child waits for the parent, and the parent needs the listener first.
struct SetUpPage {
  enum class Step : int { kIdentity, kCapability, kNoNewPrivs, kFilter };
  std::atomic<int> listener{-1};
  std::atomic<int> set_up_error{0};
  Step failed_step = Step::kIdentity;  // Read after set_up_error.
  std::atomic<int> exec_error{0};
};
static_assert(std::atomic<int>::is_always_lock_free);

class SharedPage {
 public:
  SharedPage() {
    void* memory = mmap(nullptr, sizeof(SetUpPage), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory != MAP_FAILED) page_ = new (memory) SetUpPage;
  }
  ~SharedPage() {
    if (page_ != nullptr) munmap(page_, sizeof(SetUpPage));
  }
  SharedPage(const SharedPage&) = delete;
  SharedPage& operator=(const SharedPage&) = delete;

  bool valid() const { return page_ != nullptr; }
  SetUpPage* operator->() const { return page_; }
  SetUpPage& operator*() const { return *page_; }

 private:
  SetUpPage* page_ = nullptr;
};

// SUID_DUMP_USER: PR_SET_DUMPABLE accepts only it and 0.
inline constexpr int kDumpable = 1;

// Calls seccomp(2). Returns its result and sets errno.
int SeccompOperation(unsigned operation, unsigned flags, void* argument);

// In the child, after clone. Async-signal-safe.
[[noreturn]] void RunChild(SetUpPage& page, const ExecImage& image, const sock_fprog& program, bool withhold_ptrace);

// The reason for a failed set-up. REQUIRES: the set-up failed, and the child has ended.
absl::Status SetUpStatus(const SetUpPage& page, const Command& command);

}  // namespace syscarve
