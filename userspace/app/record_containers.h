// SPDX-License-Identifier: Apache-2.0
// Recording all containers that are made while it goes on, each under its service's name.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/app/exercise_containers.h"
#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/container/naming.h"
#include "userspace/process/command.h"
#include "userspace/trace/bpf_recorder.h"
#include "userspace/trace/mark_socket.h"

namespace syscarve {

struct RecordContainersRequest {
  std::string output = "recordings";  // A folder.
  std::string run;
  bool every_call = false;
  std::optional<std::string> engine_socket;
  ContainerFilter filter;
  By by = By::kService;
  bool running = false;
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;
  MarkBy mark_by = MarkBy::kSocket;
  std::optional<std::chrono::milliseconds> duration;
  std::set<Exercise> exercise;
  bool quiet = false;  // Nobody reads notes, so nothing is found out for one.
};

struct RecordedContainers {
  bool all_written = true;  // Otherwise the notes have an error for each recording that is not where it should be.
  int command_status = 0;
};

// Records until the command has ended, without one for the duration or until a signal, and writes a recording for each
// service. On an error, `stage` is where it came from.
absl::StatusOr<RecordedContainers> RecordContainersToFolder(const RecordContainersRequest& request,
                                                            const std::optional<Command>& command, RecordStage& stage,
                                                            Notes& notes);

}  // namespace syscarve
