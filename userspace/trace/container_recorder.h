// SPDX-License-Identifier: Apache-2.0
// Recording containers with BPF: not one by one from outside, which would always miss the first calls, but all that are
// created during the recording, each a subject of its own from before its first task. Which engine and service they
// belong to, and which of them are wanted, is decided afterwards.
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
  // `subject_name` and `grace` are unused here: the engine ends its containers.
  RecordOptions record = {.track_denials = true};  // Engines install filters, and users want to see their refusals.
  bool capabilities = true;                        // Record capability checks; arming is faster without them.
  uint32_t max_containers = 1024;
  // Further cgroups (below the cgroup v2 mount) whose every child is a container: for engines with names of their own.
  std::vector<std::string> parents;
  // Called when all is armed: the cgroups of running containers that are to be recorded from now on.
  std::function<std::vector<std::string>()> running = [] { return std::vector<std::string>(); };
  std::function<void()> on_armed = [] {};
  // Called on a separate thread when the command has ended, or the recording is to end: what happens to the containers
  // until it returns is recorded, too. Parameters: the recording so far, the subjects whose start was not seen, and
  // `stop`, set by the user's second request to end, after which it should return soon. Unset: nothing is done.
  std::function<void(const Recording& so_far, const std::vector<SubjectId>& ran_before, const std::atomic<bool>& stop)>
      exercise;
};

struct ContainersOutcome {
  // A subject of kind kContainer for each container, named after its cgroup's last component.
  Recording recording;
  std::vector<SubjectId> ran_before;  // Subjects without the calls of their start.
  std::vector<std::string> refused;   // Cgroups of containers for which there was no room.
  int command_status = 0;
};

// Enrols every container that is created from now on; runs `command`, or waits for the duration or for SIGINT or
// SIGTERM; ends with the command. On an error, `stage` is how far the recording came.
absl::StatusOr<ContainersOutcome> RecordContainers(const std::optional<Command>& command,
                                                   const ContainerRecordOptions& options, SignalForwarder& signals,
                                                   RecordStage& stage);

// Records the container that `init`, a runtime waiting for a hook in the container's cgroup, is about to become, until
// no task is left in that cgroup or of those that left it, or SIGINT or SIGTERM arrives. kFailedPrecondition if `init`
// is in no cgroup of its own.
absl::StatusOr<Recording> RecordContainerOf(pid_t init, const ContainerRecordOptions& options,
                                            SignalForwarder& signals);

}  // namespace syscarve
