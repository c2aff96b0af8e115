// SPDX-License-Identifier: Apache-2.0
// One recording with BPF, start to end: arm the kernel side, run or find the subject, follow it to its end, read the
// counters.
#pragma once

#include <sys/types.h>

#include <string>

#include "userspace/base/status.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/trace/record_options.h"

namespace syscarve {

// Runs `command` in a cgroup of its own and records all members of that subject, wherever they are, from the exec that
// starts the command to the last task's end. Kills what still runs `grace` after the command has ended, as a container
// engine does. On an error, `stage` is how far the recording came.
absl::StatusOr<RecordOutcome> RecordCommandWithBpf(const Command& command, const RecordOptions& options,
                                                   SignalForwarder& signals, RecordStage& stage);

// Records the tasks of an existing cgroup v2 (a path below the mount, or a directory of the mount), of those below it,
// and those that leave it meanwhile, until the duration is over, SIGINT or SIGTERM arrives, or no task is left.
absl::StatusOr<RecordOutcome> RecordCgroupWithBpf(const std::string& cgroup, const RecordOptions& options,
                                                  SignalForwarder& signals);

// Records an existing process, its descendants, and processes forked by them from now on, until the duration is over,
// SIGINT or SIGTERM arrives, or all have ended.
absl::StatusOr<RecordOutcome> RecordProcessWithBpf(pid_t process, const RecordOptions& options,
                                                   SignalForwarder& signals);

}  // namespace syscarve
