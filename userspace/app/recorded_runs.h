// SPDX-License-Identifier: Apache-2.0
// Runs of a command whose containers are recorded, and created with their profiles or unchanged. The runs are judged
// elsewhere (verify_containers.h), so that tests can supply runs of their own.
//
// RunsWithRecorder makes them: the command reaches the engine through a relay (engine_relay.h), and each run is
// recorded by a process of its own, which drops its privileges permanently.
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
  ContainerFilter filter;  // Containers that it excludes are neither confined nor judged.
  By by = By::kService;
  std::optional<std::string> engine_socket;
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;
};

// The profile of a container; nullptr if it has none or the filter excludes it.
const ServiceProfile* ProfileFor(const Container& container, const VerifyContainersRequest& request);

// The label on containers that were created with their profiles.
inline constexpr std::string_view kConfinedLabel = "syscarve.verify";

struct RecordedRun {
  int status = 0;  // The command's, as a shell reports it.
  bool over_limit = false;
  std::chrono::milliseconds took{0};
  std::string recordings;           // The folder of its recordings, which the next run removes.
  std::vector<EngineEvent> events;  // These and the problems are RelayReport's.
  std::vector<std::string> problems;
};

class RecordedRuns {
 public:
  virtual ~RecordedRuns() = default;

  // Runs the command to its end or until `limit`; with `enforced`, each container is created with its profile. Fails if
  // the run could not be started or observed to its end: kAborted after a terminating signal, kUnavailable if the
  // connection to the engine was lost.
  virtual absl::StatusOr<RecordedRun> Make(bool enforced, std::optional<std::chrono::milliseconds> limit) = 0;
};

// Runs on this host with its engine. `request`, `command`, `signals` (which receives the signals) and `notes` must
// outlive the result. REQUIRES: the caller has one thread. Fails if the engine cannot be reached, or the folder for the
// relay's socket cannot be created.
absl::StatusOr<std::unique_ptr<RecordedRuns>> RunsWithRecorder(const VerifyContainersRequest& request,
                                                               const Command& command, SignalForwarder& signals,
                                                               Notes& notes);

// Parts of RunsWithRecorder.

// Docker's API takes the text of a profile, Podman's the path of a file.
using ProfilePaths = std::map<std::string, std::string>;  // By title; empty if the engine takes the text.
absl::StatusOr<ProfilePaths> WriteEngineProfiles(std::span<const ServiceProfile> profiles, const std::string& folder);

// The changes to a container's create request when profiles are enforced; nullopt to leave the request unchanged.
std::optional<Confinement> ConfinementUnder(const CreateRequest& asked, const VerifyContainersRequest& request,
                                            const ProfilePaths& paths);

// Waits until the recorder, a child and the target of `signals`, has ended; it ends with the command. At `limit` sets
// `over_limit` and ends the command and its descendants, with SIGKILL those that outlive `grace`; containers belong to
// the engine and are not ended. kAborted after a terminating signal.
absl::Status WaitForRecorder(pid_t recorder, std::optional<std::chrono::milliseconds> limit,
                             std::chrono::milliseconds grace, SignalForwarder& signals, bool& over_limit);

// The result of a recorder's process: "0 STATUS", or a status code, a blank and its message.
std::string FormatOutcome(const absl::StatusOr<RecordedContainers>& recorded);
// The command's exit status, or the error in `text`. kInternal for any other text: the process ended before it wrote
// its result.
absl::StatusOr<int> ParseOutcome(std::string_view text);

// `recorded` with the events and problems of `report`. `socket` is the engine's. kUnavailable if the connection to the
// engine was lost, whatever other errors there are, because that causes them.
absl::StatusOr<RecordedRun> WithReport(absl::StatusOr<RecordedRun> recorded, absl::StatusOr<RelayReport> report,
                                       std::string_view socket);

}  // namespace syscarve
