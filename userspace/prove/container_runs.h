// SPDX-License-Identifier: Apache-2.0
// Runs of a command whose containers are created with less than it asks for, and what each run shows. What to take
// away, and what follows from it, is decided elsewhere (prove_containers.h), so that tests can play the runs.
//
// RunsWithRelay makes them: the command talks to the engine through a relay (engine_relay.h), which creates the
// containers of some services with fewer capabilities, or with a profile that refuses more than theirs, and leaves all
// else as it is. The relay holds each request that may end a container until the state of its processes is read. Of a
// container that ends by itself only its exit status is seen.
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
  std::optional<std::set<int>> kept;  // Capabilities, by number; nullopt: all that it has.
  std::optional<Refusals> refused;    // nullopt: its profile is left as it is.
  // With `refused`: what the engine enforces on a container for which no profile is asked; nullopt: nothing.
  std::optional<Profile> by_default;
};
using ContainerChanges = std::map<std::string, ContainerChange>;  // By service.

// What a container that is asked for in this way is created with instead: never more than it is asked for with. The
// label is left empty. Where no profile can refuse what it is to refuse, the profile is a text that no engine takes, so
// that the container is not created.
Confinement ConfinementWith(const CreateRequest& asked, const ContainerChange& change);

// The processes of a service's containers, each when its container was told to end.
struct ShownProcesses {
  uint64_t bounding = 0;    // The bounding sets of all, as one.
  bool unfiltered = false;  // One is under no seccomp filter.
};

// What a run showed.
struct ShownRun {
  // Of its containers those are `confined` that were created through the relay, and are not privileged.
  ProofRun run;
  std::map<std::string, ShownProcesses> processes;  // By service; of those alone of which a process was seen.
  bool left = false;                  // The command left containers, of whatever service. They were removed.
  std::vector<std::string> problems;  // As RelayReport has them.
};

class ContainerRuns {
 public:
  virtual ~ContainerRuns() = default;

  // Runs the command to its end, or until `limit`, and ends and removes what it leaves. An error is of a run that could
  // not be made or was not seen to its end: kAborted if a signal asked to end, kUnavailable if the engine went away.
  // That the engine did as it was asked is for the caller to check, by what is shown.
  virtual absl::StatusOr<ShownRun> RunWith(const ContainerChanges& changes,
                                           std::optional<std::chrono::milliseconds> limit) = 0;

  // Why it is not seen what the kernel refuses programs, although that is wanted, as a sentence without its full stop;
  // "" if it is. Known after the first run.
  virtual std::string WhyUnwatched() const = 0;

  // "docker", "podman".
  virtual std::string EngineName() const = 0;

  // What the engine enforces on such a container when nobody asks for a profile; nullopt: nothing.
  virtual absl::StatusOr<std::optional<Profile>> DefaultProfile(const Container& container) = 0;

  // Whether this host has the capability, so that an engine could give it.
  virtual bool HostHas(int capability) const = 0;
};

struct ContainerRunsRequest {
  std::set<std::string> services;                             // Their titles.
  ContainerFilter filter;                                     // The containers that it leaves out are of no service.
  By by = By::kService;                                       // What a container's service is found by.
  bool refusals = true;                                       // Watch what the kernel refuses programs.
  std::chrono::milliseconds grace = std::chrono::seconds(5);  // How long processes may outlive the command.
  std::optional<std::string> engine_socket;
};

// Runs on this host and at its engine. `command`, `signals`, by which signals are taken, and `notes` must outlive them.
// REQUIRES: the caller has one thread. kPermissionDenied if the caller may not look into other users' processes; other
// errors are of the engine's socket, or of the folder for the relay's.
absl::StatusOr<std::unique_ptr<ContainerRuns>> RunsWithRelay(ContainerRunsRequest request, const Command& command,
                                                             SignalForwarder& signals, Notes& notes);

}  // namespace syscarve
