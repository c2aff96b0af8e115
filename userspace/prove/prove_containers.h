// SPDX-License-Identifier: Apache-2.0
// Finds the capabilities and calls that the containers of a command need, service by service, by delta
// debugging: the command talks to the engine through a relay (engine_relay.h), which creates the containers of one
// service with fewer capabilities, or with a profile that refuses more than theirs, and leaves all else as it is.
//
// The relay holds each request that may end a container until the state of its processes is read. Of a container that
// ends by itself only its exit status is compared.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/container/naming.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
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

// The capabilities that a container has by its configuration, cap_add and cap_drop, with Docker's default.
std::set<int> ConfiguredCapabilities(const Container& container);

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
// kPermissionDenied if the caller may not look into other users' processes; kUnavailable if the engine went away; other
// errors mean that a run could not be made or was not seen to its end.
absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, const Command& command,
                                      SignalForwarder& signals, Notes& notes);

}  // namespace syscarve
