// SPDX-License-Identifier: Apache-2.0
// Records all containers that are created during the recording, each under its service's name.
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
  RecordOptions record;               // The job sets its notes and safety, and always records denials.
  std::optional<std::string> engine_socket;
  ContainerFilter filter;
  By by = By::kService;
  bool running = false;
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;
  std::set<Exercise> exercise;
  bool expect_containers = true;  // It is an error if no container was recorded.
  bool warn_of_gaps = true;       // About the parts of a life that were not exercised.
  bool quiet = false;             // Notes are discarded, so no work is done for them.
  std::function<absl::Status()> give_up_privileges = GiveUpPrivileges;
};

struct RecordedContainers {
  bool all_written = true;  // Otherwise `notes` received an error for each recording that is not at its path.
  int command_status = 0;
};

// Records until the command has ended or, without one, until the duration is over or a signal arrives; writes one
// recording per service. On an error, `stage` is the stage that failed.
absl::StatusOr<RecordedContainers> RecordContainersToFolder(const RecordContainersRequest& request,
                                                            const std::optional<Command>& command, RecordStage& stage,
                                                            Notes& notes);

}  // namespace syscarve
