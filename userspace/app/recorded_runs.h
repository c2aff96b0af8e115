// SPDX-License-Identifier: Apache-2.0
// Runs of a command whose containers are recorded, and created with their profiles or as the command asks. What a run
// says of the profiles is found out elsewhere (verify_containers.h), so that tests can play the runs.
//
// RunsWithRecorder makes them: the command talks to the engine through a relay (engine_relay.h), and every run is
// recorded by a process of its own, which gives up its privileges for good.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/app/record_containers.h"
#include "userspace/app/service_profiles.h"
#include "userspace/app/verification.h"
#include "userspace/base/status.h"
#include "userspace/container/create_request.h"
#include "userspace/container/engine_json.h"
#include "userspace/container/engine_relay.h"
#include "userspace/container/naming.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve {

struct VerifyContainersRequest {
  VerifyRequest verify;
  std::vector<ServiceProfile> profiles;
  ContainerFilter filter;  // Containers that it leaves out are neither confined nor looked at.
  By by = By::kService;
  std::optional<std::string> engine_socket;
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;
};

// The profile of a container that is looked at; nullptr for none.
const ServiceProfile* ProfileFor(const Container& container, const VerifyContainersRequest& request);

// Of containers that were created with their profiles.
inline constexpr std::string_view kConfinedLabel = "syscarve.verify";

struct RecordedRun {
  int status = 0;  // The command's, as a shell reports it.
  bool over_limit = false;
  std::chrono::milliseconds took{0};
  std::string recordings;           // The folder that they are in, until the next run is made.
  std::vector<EngineEvent> events;  // As RelayReport has them, and the problems, too.
  std::vector<std::string> problems;
};

class RecordedRuns {
 public:
  virtual ~RecordedRuns() = default;

  // Runs the command to its end, or until `limit`, with each container under its profile if `enforced`. An error is of
  // a run that could not be made or was not seen to its end: kAborted if a signal asked to end, kUnavailable if the
  // engine went away.
  virtual absl::StatusOr<RecordedRun> Make(bool enforced, std::optional<std::chrono::milliseconds> limit) = 0;
};

// Runs on this host and at its engine. `request`, `command`, `signals`, by which signals are taken, and `notes` must
// outlive them. REQUIRES: the caller has one thread. Errors are of the engine's socket, or of the folder for the
// relay's.
absl::StatusOr<std::unique_ptr<RecordedRuns>> RunsWithRecorder(const VerifyContainersRequest& request,
                                                               const Command& command, SignalForwarder& signals,
                                                               Notes& notes);

// What RunsWithRecorder decides.

// Docker's daemon is sent a profile; Podman's opens the path that it is told.
using ProfilePaths = std::map<std::string, std::string>;  // By title; empty where the engine is sent the text.
absl::StatusOr<ProfilePaths> WriteEngineProfiles(std::span<const ServiceProfile> profiles, const std::string& folder);

// What a container that is asked for in this way is created with when profiles are in force; nullopt: as it is asked
// for.
std::optional<Confinement> ConfinementUnder(const CreateRequest& asked, const VerifyContainersRequest& request,
                                            const ProfilePaths& paths);

// Waits until the recorder, a child that is the target of `signals`, has ended, which it does with the command. At the
// limit the command and what it started are ended, those that outlive `grace` by SIGKILL; containers are the engine's.
// kAborted if a signal asked to end.
absl::Status WaitForRecorder(pid_t recorder, std::optional<std::chrono::milliseconds> limit,
                             std::chrono::milliseconds grace, SignalForwarder& signals, bool& over_limit);

// What a recorder's process tells: "0 STATUS", or a status code, a blank and its message.
std::string FormatOutcome(const absl::StatusOr<RecordedContainers>& recorded);
// The command's status. kInternal for what is no such text: the process did not come to write it.
absl::StatusOr<int> ParseOutcome(std::string_view text);

// The run, of which the recorder's part is known already, with the relay's. That the engine went away explains what
// else went wrong. `socket`: the engine's.
absl::StatusOr<RecordedRun> WithReport(absl::StatusOr<RecordedRun> recorded, absl::StatusOr<RelayReport> report,
                                       std::string_view socket);

}  // namespace syscarve
