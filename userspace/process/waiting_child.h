// SPDX-License-Identifier: Apache-2.0
// A child of ours that waits, before anything of the command happens, until it is told to go on.
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
  // `image` must stay until the child was released.
  static absl::StatusOr<WaitingChild> Start(const ExecImage& image);

  pid_t pid() const { return pid_; }
  // Lets it execute the command.
  absl::Status Release();
  // Waits until the command was executed: OK, or why it could not be.
  absl::Status ReadExecFailure(const std::string& path);

 private:
  WaitingChild(pid_t pid, UniqueFd go, UniqueFd failure)
      : pid_(pid), go_(std::move(go)), failure_(std::move(failure)) {}

  pid_t pid_;
  UniqueFd go_;       // Write one byte: go on.
  UniqueFd failure_;  // Gives an errno value when the command could not be executed, nothing when it was.
};

}  // namespace syscarve
