// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/supervised_child.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <string>

namespace syscarve {
namespace {

[[noreturn]] void FailSetUp(SetUpPage& page, SetUpPage::Step step, int error) {
  page.failed_step = step;
  page.set_up_error.store(error, std::memory_order_release);
  _exit(kExitSyscarveFailed);
}

}  // namespace

int SeccompOperation(unsigned operation, unsigned flags, void* argument) {
  return static_cast<int>(syscall(SYS_seccomp, operation, flags, argument));
}

void RunChild(SetUpPage& page, const ExecImage& image, const sock_fprog& program, bool withhold_ptrace) {
  ExecImage::ResetSignals();
  if (const int error = image.AssumeIdentity(); error != 0) FailSetUp(page, SetUpPage::Step::kIdentity, error);
  if (withhold_ptrace) {
    // Permanent: under no_new_privs no execve grants a capability that was not permitted before it.
    constexpr int kWithheld[] = {CAP_SYS_PTRACE};
    if (const int error = DropFromOwnSets(kWithheld); error != 0) FailSetUp(page, SetUpPage::Step::kCapability, error);
  }
  // Dumpable until its execve: the supervisor, which may have no more privileges than the child, reads the executable
  // of the task that makes that call. No confined task exists yet that could read the child, too.
  prctl(PR_SET_DUMPABLE, kDumpable, 0, 0, 0);
  // Without the supervisor every call of the command would fail with ENOSYS, and a loop that retries would never end.
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) FailSetUp(page, SetUpPage::Step::kNoNewPrivs, errno);

  sock_fprog filter = program;
  int listener = SeccompOperation(SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, &filter);
  if (listener < 0 && errno == EINVAL) {  // Before Linux 5.19.
    listener = SeccompOperation(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
  }
  if (listener < 0) FailSetUp(page, SetUpPage::Step::kFilter, errno);
  page.listener.store(listener, std::memory_order_release);

  page.exec_error.store(image.Exec(), std::memory_order_release);
  _exit(kExitCannotExecute);
}

absl::Status SetUpStatus(const SetUpPage& page, const Command& command) {
  const int error = page.set_up_error.load(std::memory_order_acquire);
  switch (page.failed_step) {
    case SetUpPage::Step::kIdentity:
      return PosixError("become user " + (command.identity->name.empty() ? std::to_string(command.identity->uid)
                                                                         : command.identity->name),
                        error);
    case SetUpPage::Step::kCapability:
      return PosixError("withhold CAP_SYS_PTRACE from the command", error);
    case SetUpPage::Step::kNoNewPrivs:
      return PosixError("set no_new_privs", error);
    case SetUpPage::Step::kFilter:
      break;
  }
  if (error == EBUSY) {
    return absl::FailedPreconditionError(
        "install the seccomp filter: another supervisor already watches this process tree, and the kernel allows one. "
        "Hint: Run syscarve outside of it.");
  }
  return WithHint(
      PosixError("install the seccomp filter", error),
      "The kernel needs seccomp user notification (Linux 5.5 or newer), and a sandbox around syscarve must allow "
      "the seccomp system call.");
}

}  // namespace syscarve
