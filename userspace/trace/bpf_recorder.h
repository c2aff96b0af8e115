// SPDX-License-Identifier: Apache-2.0
// One recording with BPF, start to end: arm the kernel side, run or find the subject, follow it until it is over, read
// the counters.
#pragma once

#include <sys/types.h>

#include <string>

#include "userspace/base/status.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/trace/record_options.h"

namespace syscarve {

// Runs `command` in a cgroup of its own and records all that happens in there, and what was started there does
// elsewhere, from the exec that starts the command to the last task's end. What still runs `grace` after the command
// has ended is killed, as a container engine does. On an error, `stage` tells where it came from.
absl::StatusOr<RecordOutcome> RecordCommandWithBpf(const Command& command, const RecordOptions& options,
                                                   SignalForwarder& signals, RecordStage& stage);

// Records the tasks of an existing cgroup v2 (a path below the mount, or a directory of the mount) and of those below
// it, and of those that leave it meanwhile, until the duration is over, SIGINT or SIGTERM comes, or none is left.
absl::StatusOr<RecordOutcome> RecordCgroupWithBpf(const std::string& cgroup, const RecordOptions& options,
                                                  SignalForwarder& signals);

// Records an existing process, its descendants, and what they fork from now on, until the duration is over, SIGINT or
// SIGTERM comes, or all have ended.
absl::StatusOr<RecordOutcome> RecordProcessWithBpf(pid_t process, const RecordOptions& options,
                                                   SignalForwarder& signals);

}  // namespace syscarve
