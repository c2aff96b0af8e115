// SPDX-License-Identifier: Apache-2.0
// One recording with BPF, start to end: arm the kernel side, run or find the subject, follow it until it is over, read
// the counters.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/trace/mark_socket.h"

namespace syscarve {

// What keeps a recording, and the host, from harm while it goes on.
struct RecorderSafety {
  // Called once, when all is armed and the command's process is there, before anything an adversary writes is read.
  std::function<absl::Status()> give_up_privileges = [] { return absl::OkStatus(); };
  // Given, now and then, the Recording as it would be if the recorder ended now, with the loss "checkpoint". Unset: no
  // checkpoints.
  std::function<void(const Recording&)> checkpoint;
  std::string checkpoint_path;  // Where that one is, for the user of a recorder that was killed; "" when unknown.
};

// What a command is asked when it is to end: by a signal to the recorder, which is then not passed on, or when the
// duration is over.
struct CommandExercise {
  bool reload = false;  // The signals for which it has handlers and that are conventionally a reload.
  bool stop = false;    // SIGTERM, and SIGKILL when it has not ended 10 s later.
  bool any() const { return reload || stop; }
};

struct BpfRecordOptions {
  std::string run_name;
  std::string subject_name;
  bool every_call = false;
  bool track_denials = false;  // Also when the subject is found to have a filter in force already.
  std::chrono::milliseconds grace = std::chrono::seconds(5);
  MarkBy mark_by = MarkBy::kSocket;                   // How the command marks runs.
  std::optional<std::chrono::milliseconds> duration;  // For an existing subject, or with `exercise`: for so long.
  CommandExercise exercise;
  RecorderSafety safety;
  // Told what a user wants to know while it happens: recording has begun, tasks had to be ended, …
  std::function<void(std::string_view)> note = [](std::string_view) {};
};

struct RecordOutcome {
  Recording recording;
  int command_status = 0;  // As a shell reports it; 0 for an existing subject.
};

// How far the recording of a command came.
enum class RecordStage {
  kSetUp,    // Nothing of the command has happened: another backend may be tried.
  kExec,     // The command could not be executed; the error is kNotFound or kPermissionDenied, as for ResolveCommand.
  kRunning,  // It was executed.
};

// Runs `command` in a cgroup of its own and records all that happens in there, and what was started there does
// elsewhere, from the exec that starts the command to the last task's end. What still runs `grace` after the command
// has ended is killed, as a container engine does. On an error, `stage` tells where it came from.
absl::StatusOr<RecordOutcome> RecordCommandWithBpf(const Command& command, const BpfRecordOptions& options,
                                                   SignalForwarder& signals, RecordStage& stage);

// Records the tasks of an existing cgroup v2 (a path below the mount, or a directory of the mount) and of those below
// it, and of those that leave it meanwhile, until the duration is over, SIGINT or SIGTERM comes, or none is left.
absl::StatusOr<RecordOutcome> RecordCgroupWithBpf(const std::string& cgroup, const BpfRecordOptions& options,
                                                  SignalForwarder& signals);

// Records an existing process, its descendants, and what they fork from now on, until the duration is over, SIGINT or
// SIGTERM comes, or all have ended.
absl::StatusOr<RecordOutcome> RecordProcessWithBpf(pid_t process, const BpfRecordOptions& options,
                                                   SignalForwarder& signals);

}  // namespace syscarve
