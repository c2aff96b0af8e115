// SPDX-License-Identifier: Apache-2.0
// Signals while a command runs under us. The command keeps our process group, so the terminal stays the command's: its
// Ctrl-C, Ctrl-Z and the rest reach the command (and stop us with it) without our help. What is sent to us alone is
// passed on, and none of it ends us before the recording is written.
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
  // Blocks the signals that could end us, and SIGCHLD, in the calling thread, and opens a descriptor for them. Before
  // any other thread is made: threads inherit the mask. A child must undo it (ExecImage::ResetSignals).
  static absl::StatusOr<SignalForwarder> Create();
  SignalForwarder(SignalForwarder&&) = default;
  SignalForwarder& operator=(SignalForwarder&&) = delete;
  // Gives the signals back their effect, and forgets those that wait: a terminal's Ctrl-C reaches us with the command,
  // and may find it ended, and its end handled, before it is seen here. Write the results first.
  ~SignalForwarder();

  // Readable when a signal is waiting.
  int fd() const { return fd_.get(); }

  // Who signals are passed on to: a child that has not been reaped, or 0 for nobody.
  void SetTarget(pid_t command) { target_ = command; }

  struct News {
    bool child_changed = false;  // SIGCHLD: wait for children.
    bool asked_to_end =
        false;  // There is no target, and SIGINT, SIGTERM, SIGHUP or SIGQUIT came: the user wants us to finish.
    bool target_asked_to_end = false;  // One of them came for the target, and not from its own tree.
  };
  // Takes all waiting signals and passes them on to the target, except those it has already: a terminal's, which went
  // to the whole process group, and those that the target's own tree sent (`kill 0`), which would come back without
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
