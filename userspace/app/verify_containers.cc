// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verify_containers.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "userspace/app/container_ends.h"
#include "userspace/app/container_findings.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/recording_words.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;

// Reads the recordings run by run. What was refused without profiles does not count in later runs.
class RunReader {
 public:
  explicit RunReader(const VerifyContainersRequest& request) : request_(request) {}

  absl::StatusOr<VerifiedRun> Read(const RecordedRun& recorded, bool enforced) {
    VerifiedRun run;
    run.enforced = enforced;
    run.status = recorded.status;
    run.over_limit = recorded.over_limit;
    run.took = recorded.took;
    run.containers.emplace();
    run.containers->problems = recorded.problems;
    SYSCARVE_RETURN_IF_ERROR(ReadRecordings(recorded.recordings, enforced, *run.containers));
    AddContainerEnds(
        recorded.events, kConfinedLabel,
        [this](const Container& container) -> std::optional<std::string> {
          const ServiceProfile* const profile = ProfileFor(container, request_);
          return profile == nullptr ? std::nullopt : std::optional(profile->title);
        },
        run.containers->containers);
    return run;
  }

 private:
  absl::Status ReadRecordings(const std::string& folder, bool enforced, VerifiedContainers& found) {
    std::map<std::string, std::string> titles;  // By path.
    const auto note = [&titles](const std::string& path, std::string_view stem) {
      titles[path] = stem;
      return absl::OkStatus();
    };
    SYSCARVE_RETURN_IF_ERROR(ForEachRecordingIn(folder, note).status());
    for (const auto& [path, title] : titles) {
      SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, LoadRecording(path));
      SYSCARVE_RETURN_IF_ERROR(ReadRecording(title, recording, enforced, found));
    }
    return absl::OkStatus();
  }

  absl::Status ReadRecording(const std::string& title, const Recording& recording, bool enforced,
                             VerifiedContainers& found) {
    const ServiceProfile* profile = nullptr;
    for (const Subject& subject : recording.subjects) {
      if (!subject.container.has_value()) continue;
      const Container& container = *subject.container;
      const ServiceProfile* const its = ProfileFor(container, request_);
      if (its == nullptr) continue;
      profile = its;
      found.containers.push_back({.service = its->title,
                                  .name = container.name,
                                  .id = container.id,
                                  .confined = container.labels.contains(std::string(kConfinedLabel)),
                                  .running = false,
                                  .status = std::nullopt,
                                  .stop = std::nullopt});
    }
    // If the containers of a service were lost, only the recording's name identifies the service.
    if (profile == nullptr && recording.subjects.empty()) {
      const auto it = std::ranges::find(request_.profiles, title, &ServiceProfile::title);
      if (it != request_.profiles.end()) profile = &*it;
    }
    if (profile == nullptr) return absl::OkStatus();
    for (const Loss& loss : recording.losses) {
      if (loss.missed_calls) {
        return absl::DataLossError(Concat("the recording of ", EscapeForTerminal(profile->title),
                                          " is incomplete, so that nothing is proven: ", LossWords(loss)));
      }
    }
    return enforced ? FindRefused(*profile, recording, before_, found)
                    : FindWouldBeRefused(*profile, recording, found, before_);
  }

  const VerifyContainersRequest& request_;
  RefusedBefore before_;
};

}  // namespace

absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, const Command& command,
                                              SignalForwarder& signals, Notes& notes) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::unique_ptr<RecordedRuns> runs,
                            RunsWithRecorder(request, command, signals, notes));
  return VerifyContainers(request, *runs, notes);
}

absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, RecordedRuns& runs,
                                              Notes& notes) {
  RunReader reader(request);
  const ContainerFilter& filter = request.filter;
  const bool chosen = !filter.names.empty() || !filter.labels.empty() || !filter.compose_project.empty();
  return RunPhases(
      request.verify,
      [&](bool enforced, std::optional<milliseconds> limit) -> absl::StatusOr<VerifiedRun> {
        SYSCARVE_ASSIGN_OR_RETURN(const RecordedRun recorded, runs.Make(enforced, limit));
        return reader.Read(recorded, enforced);
      },
      [&](std::vector<VerifiedRun> made) { return JudgeContainers(std::move(made), request.profiles, chosen); }, notes);
}

}  // namespace syscarve
