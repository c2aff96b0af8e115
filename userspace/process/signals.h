// SPDX-License-Identifier: Apache-2.0
// Signals while a command runs. The command stays in this process's group, so the terminal stays the command's: Ctrl-C,
// Ctrl-Z and the rest reach the command (and stop this process with it) directly. Signals sent to this process only are
// forwarded, and none of them ends it before the recording is written.
//
//   SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
//   const pid_t child = …;
//   signals.SetTarget(child);
//   …poll signals.fd(); when it is readable:
//   const SignalForwarder::News events = signals.HandlePending();
//   if (events.child_changed) …waitpid(…, WNOHANG)…; and after the command's end: signals.SetTarget(0);
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <optional>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

class SignalForwarder {
 public:
  // Blocks the signals that could end this process, and SIGCHLD, in the calling thread, and opens a descriptor for
  // them. Call before creating any other thread: threads inherit the mask. A child must undo it
  // (ExecImage::ResetSignals).
  static absl::StatusOr<SignalForwarder> Create();
  SignalForwarder(SignalForwarder&&) = default;
  SignalForwarder& operator=(SignalForwarder&&) = delete;
  // Restores the signals' effect, and discards pending ones: a terminal's Ctrl-C reaches this process together with the
  // command, and may become visible here only after the command's end has been handled. Write the results first.
  ~SignalForwarder();

  // Readable when a signal is pending.
  int fd() const { return fd_.get(); }

  // The receiver of forwarded signals: a child that has not been reaped, or 0 for none.
  void SetTarget(pid_t command) { target_ = command; }

  struct News {
    bool child_changed = false;  // SIGCHLD: wait for children.
    bool asked_to_end =
        false;  // There is no target, and SIGINT, SIGTERM, SIGHUP or SIGQUIT arrived: a request to finish.
    bool target_asked_to_end = false;  // One of them arrived for the target, and not from its own tree.
  };
  // Reads all pending signals and forwards them to the target, except those that it has already: a terminal's, which
  // went to the whole process group, and those sent by the target's own tree (`kill 0`), which would return without
  // end. Does not block.
  News HandlePending();

 private:
  SignalForwarder() = default;

  UniqueFd fd_;
  sigset_t previous_mask_ = {};
  struct sigaction previous_child_action_ = {};
  pid_t target_ = 0;
};

}  // namespace syscarve
