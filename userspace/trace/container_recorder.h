// SPDX-License-Identifier: Apache-2.0
// Recording containers with BPF: not one by one from outside, which would always miss the first calls, but all that
// are set up while we watch, each a subject of its own from before its first task. Whose they are, and which of them
// are wanted, is decided afterwards.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/trace/record_options.h"

namespace syscarve {

struct ContainerRecordOptions {
  // `subject_name` and `grace` mean nothing here: containers are their engine's to end.
  RecordOptions record = {.track_denials = true};  // Engines have a filter of their own, and who is refused asks why.
  bool capabilities = true;  // Whether to look for capability checks; without them it is armed sooner.
  uint32_t max_containers = 1024;
  // Further cgroups (below the cgroup v2 mount), each child of which is a container: for engines that name theirs
  // unlike all others.
  std::vector<std::string> parents;
  // Asked for when all is armed: the cgroups of containers that run already and shall be recorded from now on.
  std::function<std::vector<std::string>()> running = [] { return std::vector<std::string>(); };
  std::function<void()> on_armed = [] {};
  // Called on a thread of its own when the command has ended, or it is time: what is done to the containers until it
  // returns is recorded, too. Given what was recorded so far, and whose start was not seen. To return soon after `stop`
  // is set: the user has asked once more to end. Unset: nothing is done.
  std::function<void(const Recording& so_far, const std::vector<SubjectId>& ran_before, const std::atomic<bool>& stop)>
      exercise;
};

struct ContainersOutcome {
  // A subject of kind kContainer for each container, named after its cgroup's last component.
  Recording recording;
  std::vector<SubjectId> ran_before;  // Lack the calls of their start.
  std::vector<std::string> refused;   // Cgroups of containers that there was no room for.
  int command_status = 0;
};

// Enrols every container that is made from now on, runs `command`, or waits for the duration or for SIGINT or SIGTERM,
// and ends with the command. On an error, `stage` tells where it came from.
absl::StatusOr<ContainersOutcome> RecordContainers(const std::optional<Command>& command,
                                                   const ContainerRecordOptions& options, SignalForwarder& signals,
                                                   RecordStage& stage);

// Records the one container that `init`, a runtime that waits for a hook in the container's cgroup, is about to become:
// until no task is left in that cgroup, nor of those that left it, or SIGINT or SIGTERM comes. kFailedPrecondition when
// `init` is in no cgroup of its own.
absl::StatusOr<Recording> RecordContainerOf(pid_t init, const ContainerRecordOptions& options,
                                            SignalForwarder& signals);

}  // namespace syscarve
