// SPDX-License-Identifier: Apache-2.0
// Recording without BPF: every call of the command's process tree is notified to this process, counted, and let through
// (trace/supervisor.h). It needs no privilege and misses no call, but it costs a round trip per call and cannot see
// capability checks. docs/notify-backend.md compares the two backends.
#pragma once

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/trace/record_options.h"

namespace syscarve {

struct NotifyRecordOutcome {
  Recording recording;     // One subject and one run; empty when the command could not be executed.
  int command_status = 0;  // As a shell reports it.
  absl::Status execution;  // OK, or why the command could not be executed (ExitCodeForCommandError).
};

// Runs `command` under no_new_privs and records its process tree from the execve that starts it to the last task's last
// call. Ignores the options that concern BPF. If supervision had to stop early, the tree is ended and the Recording has
// the loss "recorder_stopped". An error is the host's: nothing was started. `signals` should live until the Recording
// is in its file: while it does, no SIGINT ends this process. REQUIRES: a caller with one thread and no other children.
absl::StatusOr<NotifyRecordOutcome> RecordByNotification(const Command& command, const RecordOptions& options,
                                                         SignalForwarder& signals);

}  // namespace syscarve
