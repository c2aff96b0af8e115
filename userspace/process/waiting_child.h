// SPDX-License-Identifier: Apache-2.0
// A child that waits, before it does anything of the command, until it is released.
//
//   const ExecImage image(command);
//   SYSCARVE_ASSIGN_OR_RETURN(WaitingChild child, WaitingChild::Start(image));
//   …put it where it is to run…
//   SYSCARVE_RETURN_IF_ERROR(child.Release());
//   SYSCARVE_RETURN_IF_ERROR(child.ReadExecFailure(command.path));
#pragma once

#include <sys/types.h>

#include <string>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/command.h"

namespace syscarve {

class WaitingChild {
 public:
  // `image` must outlive the child's release.
  static absl::StatusOr<WaitingChild> Start(const ExecImage& image);

  pid_t pid() const { return pid_; }
  // Makes the child execute the command.
  absl::Status Release();
  // Waits for the command's execve. OK, or why it failed.
  absl::Status ReadExecFailure(const std::string& path);

 private:
  WaitingChild(pid_t pid, UniqueFd go, UniqueFd failure)
      : pid_(pid), go_(std::move(go)), failure_(std::move(failure)) {}

  pid_t pid_;
  UniqueFd go_;       // Write one byte: go on.
  UniqueFd failure_;  // Yields an errno value if the command could not be executed, otherwise end of file.
};

}  // namespace syscarve
