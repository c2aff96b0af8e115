// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/waiting_child.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace syscarve {

absl::StatusOr<WaitingChild> WaitingChild::Start(const ExecImage& image) {
  int go[2];
  if (pipe2(go, O_CLOEXEC) != 0) return PosixError("pipe", errno);
  UniqueFd go_read(go[0]);
  UniqueFd go_write(go[1]);
  int failure[2];
  if (pipe2(failure, O_CLOEXEC) != 0) return PosixError("pipe", errno);
  UniqueFd failure_read(failure[0]);
  UniqueFd failure_write(failure[1]);

  const pid_t pid = fork();
  if (pid < 0) return PosixError("fork", errno);
  if (pid == 0) {
    // Only async-signal-safe calls from here on. This copy of the other end must be closed, or the child would not
    // notice the recorder's death.
    close(go_write.get());
    char byte;
    if (read(go_read.get(), &byte, 1) != 1) _exit(kExitSyscarveFailed);
    int error = image.AssumeIdentity();
    if (error == 0) {
      ExecImage::ResetSignals();
      error = image.Exec();
    }
    (void)!write(failure_write.get(), &error, sizeof(error));
    _exit(kExitCannotExecute);
  }
  return WaitingChild(pid, std::move(go_write), std::move(failure_read));
}

absl::Status WaitingChild::Release() {
  if (write(go_.get(), "g", 1) != 1) return PosixError("start the command", errno);
  return absl::OkStatus();
}

absl::Status WaitingChild::ReadExecFailure(const std::string& path) {
  int error = 0;
  if (read(failure_.get(), &error, sizeof(error)) != sizeof(error)) return absl::OkStatus();
  return PosixError(absl::StrCat("execute ", path), error);
}

}  // namespace syscarve
