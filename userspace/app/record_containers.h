// SPDX-License-Identifier: Apache-2.0
// Recording all containers that are made while it goes on, each under its service's name.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/app/exercise_containers.h"
#include "userspace/app/notes.h"
#include "userspace/app/recording_output.h"
#include "userspace/base/status.h"
#include "userspace/container/naming.h"
#include "userspace/process/command.h"
#include "userspace/trace/record_options.h"

namespace syscarve {

struct RecordContainersRequest {
  std::string output = "recordings";  // A folder.
  RecordOptions record;  // Its notes, and what keeps it safe, are the job's; denials are recorded in any case.
  std::optional<std::string> engine_socket;
  ContainerFilter filter;
  By by = By::kService;
  bool running = false;
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;
  std::set<Exercise> exercise;
  bool expect_containers = true;  // That none was recorded is an error.
  bool warn_of_gaps = true;       // Of what of a life was not exercised.
  bool quiet = false;             // Nobody reads notes, so nothing is found out for one.
  std::function<absl::Status()> give_up_privileges = GiveUpPrivileges;
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
