// SPDX-License-Identifier: Apache-2.0
// Finds the capabilities and calls that the containers of a command need, service by service, by delta debugging: in a
// trial the containers of one service are created with fewer capabilities, or with a profile that refuses more than
// theirs, and everything else is unchanged. container_runs.h describes the mechanism.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/container/naming.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/prove/container_runs.h"
#include "userspace/prove/proof_trials.h"

namespace syscarve {

// A service and the facts from its recording.
struct ServiceToProve {
  std::string title;            // The name of its recording's file.
  std::string recording;        // The file.
  std::set<int> granted;        // Capabilities whose checks were granted.
  std::set<int> held;           // Capabilities that its containers had by configuration.
  Container container;          // The configuration of one of them.
  std::set<std::string> calls;  // Calls of its own programs.
};

struct ProveContainersRequest {
  ProofRequest proof;
  bool capabilities = false;
  bool calls = false;
  std::vector<ServiceToProve> services;  // At least one, with different titles.
  ContainerFilter filter;                // A service all of whose containers it leaves out is not proven.
  By by = By::kService;
  std::optional<std::string> engine_socket;
};

// REQUIRES: the caller has one thread; `signals` receives signals. kAborted if a signal requested the end;
// kPermissionDenied if the caller may not read other users' processes; kUnavailable if the engine went away;
// kFailedPrecondition if the engine did not comply with the request of a trial; other errors mean that a run could not
// be made or observed to its end.
absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, const Command& command,
                                      SignalForwarder& signals, Notes& notes);

// The same with the given runs, which have their own filter, engine and grace period, and must be of the same services.
// Errors of a run are returned unchanged.
absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, ContainerRuns& runs, Notes& notes);

}  // namespace syscarve
