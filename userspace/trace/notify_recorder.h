// SPDX-License-Identifier: Apache-2.0
// Recording without BPF: every call of the command's process tree is notified to this process, counted, and let through
// (trace/supervisor.h). It needs no privilege and misses no call, but it costs a round trip per call and cannot see
// capability checks. docs/notify-backend.md compares the two backends.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve {

struct NotifyRecordOptions {
  std::string run_name;
  std::string subject_name;
  std::chrono::milliseconds grace = std::chrono::seconds(5);
  // Called once the command's process is there, as SuperviseOptions::on_started.
  std::function<absl::Status()> give_up_privileges = [] { return absl::OkStatus(); };
  // As of RecorderSafety; called while calls are made.
  std::function<void(const Recording&)> checkpoint;
  // Told what a user wants to know: that processes had to be ended, or ran without the privileges of their file.
  std::function<void(std::string_view)> note = [](std::string_view) {};
};

struct NotifyRecordOutcome {
  Recording recording;     // One subject and one run; empty when the command could not be executed.
  int command_status = 0;  // As a shell reports it.
  absl::Status execution;  // OK, or why the command could not be executed (ExitCodeForCommandError).
};

// Runs `command` under no_new_privs and records its process tree from the execve that starts it to the last task's last
// call. If supervision had to stop early, the tree is ended and the Recording says so (Loss "recorder_stopped"). An
// error is the host's: nothing was started. `signals` should live until the Recording is in its file: while it does, no
// SIGINT ends us. REQUIRES: a caller with one thread and no other children.
absl::StatusOr<NotifyRecordOutcome> RecordByNotification(const Command& command, const NotifyRecordOptions& options,
                                                         SignalForwarder& signals);

}  // namespace syscarve
