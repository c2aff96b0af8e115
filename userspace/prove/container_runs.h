// SPDX-License-Identifier: Apache-2.0
// Runs of a command whose containers are created with less than it requests, and the observations of each run.
// prove_containers.h decides what to remove and what follows from a run, so that tests can simulate the runs.
//
// RunsWithRelay makes real runs: the command reaches the engine through a relay (engine_relay.h), which creates the
// containers of some services with fewer capabilities, or with a profile that refuses more than theirs, and leaves
// everything else unchanged. The relay holds each request that may end a container until the state of its processes is
// read. For a container that ends by itself only the exit status is observed.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/app/call_refusals.h"
#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/container/create_request.h"
#include "userspace/container/naming.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/prove/proof.h"

namespace syscarve {

// The capabilities that a container has by its configuration, cap_add and cap_drop, with Docker's default.
std::set<int> ConfiguredCapabilities(const Container& container);

// What a run changes of a service's containers.
struct ContainerChange {
  std::optional<std::set<int>> kept;  // Capabilities to keep, by number; nullopt: all.
  std::optional<Refusals> refused;    // nullopt: the profile is unchanged.
  // With `refused`: the engine's profile for a container for which none is requested; nullopt: none.
  std::optional<Profile> by_default;
};
using ContainerChanges = std::map<std::string, ContainerChange>;  // By service.

// The confinement with which the requested container is created instead, never looser than requested. The label is left
// empty. If no profile can refuse what it must refuse, the profile is a text that no engine accepts, so that the
// container is not created.
Confinement ConfinementWith(const CreateRequest& asked, const ContainerChange& change);

// The processes of a service's containers, each when its container was requested to end.
struct ShownProcesses {
  uint64_t bounding = 0;    // The union of their bounding sets.
  bool unfiltered = false;  // At least one is under no seccomp filter.
};

// The observations of a run.
struct ShownRun {
  // Its containers are `confined` if they were created through the relay and are not privileged.
  ProofRun run;
  std::map<std::string, ShownProcesses> processes;  // By service; only services of which a process was observed.
  bool left = false;                                // The command left containers, of any service. They were removed.
  std::vector<std::string> problems;                // As in RelayReport.
};

class ContainerRuns {
 public:
  virtual ~ContainerRuns() = default;

  // Runs the command to its end, or until `limit`, and ends and removes what it leaves. The caller checks by the result
  // whether the engine complied. Errors mean that a run could not be made or observed to its end: kAborted if a signal
  // requested the end, kUnavailable if the engine went away.
  virtual absl::StatusOr<ShownRun> RunWith(const ContainerChanges& changes,
                                           std::optional<std::chrono::milliseconds> limit) = 0;

  // Why refusals by the kernel are not observed although requested, as a sentence without its full stop; "" if they
  // are. Valid after the first run.
  virtual std::string WhyUnwatched() const = 0;

  // "docker", "podman".
  virtual std::string EngineName() const = 0;

  // The engine's profile for such a container if none is requested; nullopt: none.
  virtual absl::StatusOr<std::optional<Profile>> DefaultProfile(const Container& container) = 0;

  // Whether this host has the capability, so that an engine could grant it.
  virtual bool HostHas(int capability) const = 0;
};

struct ContainerRunsRequest {
  std::set<std::string> services;                             // Their titles.
  ContainerFilter filter;                                     // Containers that it leaves out belong to no service.
  By by = By::kService;                                       // How a container's service is determined.
  bool refusals = true;                                       // Observe refusals by the kernel.
  std::chrono::milliseconds grace = std::chrono::seconds(5);  // How long processes may outlive the command.
  std::optional<std::string> engine_socket;
};

// Runs on this host and its engine. `command`, `signals`, which receives signals, and `notes` must outlive the result.
// REQUIRES: the caller has one thread. kPermissionDenied if the caller may not read other users' processes; other
// errors are from the engine's socket, or from the folder for the relay's.
absl::StatusOr<std::unique_ptr<ContainerRuns>> RunsWithRelay(ContainerRunsRequest request, const Command& command,
                                                             SignalForwarder& signals, Notes& notes);

}  // namespace syscarve
