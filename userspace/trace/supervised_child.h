// SPDX-License-Identifier: Apache-2.0
// The child of a supervisor, from clone to execve: it takes on its identity, puts itself under the filter, and tells
// the supervisor where to listen. For supervisor.cc alone.
#pragma once

#include <linux/filter.h>
#include <sys/mman.h>

#include <atomic>
#include <new>

#include "userspace/base/status.h"
#include "userspace/process/command.h"

namespace syscarve {

// What the child tells its parent. It lives in a shared page, because once the filter is in place every system call of
// the child waits for the parent, and the parent must first learn where to listen.
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

// SUID_DUMP_USER, for PR_SET_DUMPABLE, which takes it and 0 only.
inline constexpr int kDumpable = 1;

// seccomp(2): its result, and errno.
int SeccompOperation(unsigned operation, unsigned flags, void* argument);

// In the child, after clone. Async-signal-safe.
[[noreturn]] void RunChild(SetUpPage& page, const ExecImage& image, const sock_fprog& program, bool withhold_ptrace);

// Why the child's set-up failed. REQUIRES: it did, and the child has ended.
absl::Status SetUpStatus(const SetUpPage& page, const Command& command);

}  // namespace syscarve
