// SPDX-License-Identifier: Apache-2.0
// Finds the capabilities and calls that the containers of a command need, service by service, by delta debugging: in a
// trial the containers of one service are created with fewer capabilities, or with a profile that refuses more than
// theirs, and all else is left as it is. How that is done is in container_runs.h.
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

// A service, as its recording has it.
struct ServiceToProve {
  std::string title;            // As its recording's file is called.
  std::string recording;        // The file.
  std::set<int> granted;        // Capabilities that were granted when the kernel asked for them.
  std::set<int> held;           // Those that its containers had, by their configuration.
  Container container;          // The configuration of one of them.
  std::set<std::string> calls;  // That its own programs made.
};

struct ProveContainersRequest {
  ProofRequest proof;
  bool capabilities = false;
  bool calls = false;
  std::vector<ServiceToProve> services;  // At least one, with different titles.
  ContainerFilter filter;                // Services of which it leaves out all containers are not proven.
  By by = By::kService;
  std::optional<std::string> engine_socket;
};

// REQUIRES: the caller has one thread; signals are taken by `signals`. kAborted if a signal asked to end;
// kPermissionDenied if the caller may not look into other users' processes; kUnavailable if the engine went away;
// kFailedPrecondition if the engine did in a trial what it was not asked for; other errors mean that a run could not be
// made or was not seen to its end.
absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, const Command& command,
                                      SignalForwarder& signals, Notes& notes);

// The same by these runs, which have their own filter, engine and grace period, and must be of the same services. What
// is wrong with a run is returned as it is.
absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, ContainerRuns& runs, Notes& notes);

}  // namespace syscarve
