// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verify_containers.h"

#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "userspace/app/container_ends.h"
#include "userspace/app/container_findings.h"
#include "userspace/app/record_containers.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/relayed_command.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"
#include "userspace/container/engine.h"
#include "userspace/container/engine_relay.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/recording_words.h"
#include "userspace/process/process_tree.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Of containers that were created with their profiles.
constexpr std::string_view kConfinedLabel = "syscarve.verify";
// How long a recorder may take to write what it has, once it was told to end.
constexpr std::chrono::seconds kRecorderLimit{60};

// Passes warnings and errors on: what was recorded is nobody's progress here.
class RecorderNotes : public Notes {
 public:
  explicit RecorderNotes(Notes& notes) : notes_(notes) {}
  void Warn(std::string_view message) override { notes_.Warn(message); }
  void Note(std::string_view) override {}
  void Error(const absl::Status& status) override { notes_.Error(status); }

 private:
  Notes& notes_;
};

// What a recorder's process tells: "0 STATUS", or a status code, a blank and its message.
std::string Outcome(const absl::StatusOr<RecordedContainers>& recorded) {
  if (!recorded.ok()) return Concat(recorded.status().raw_code(), " ", recorded.status().message());
  if (!recorded->all_written) return Concat(static_cast<int>(absl::StatusCode::kInternal), " a recording was not kept");
  return Concat("0 ", recorded->command_status);
}

absl::StatusOr<int> ParseOutcome(std::string_view text) {
  const size_t blank = text.find(' ');
  const std::optional<int> code = ParseNumber<int>(text.substr(0, blank));
  if (blank == std::string_view::npos || !code.has_value()) return absl::InternalError("the recorder ended at once");
  const std::string_view rest = text.substr(blank + 1);
  if (*code == 0) return ParseNumber<int>(rest).value_or(0);
  return absl::Status(static_cast<absl::StatusCode>(*code), std::string(rest));
}

struct RecordedRun {
  int command_status = 0;
  bool over_limit = false;
  milliseconds took{0};
};

class Verifier {
 public:
  Verifier(const VerifyContainersRequest& request, const Command& command, std::string socket, const WorkFolder& folder,
           SignalForwarder& signals, Notes& notes)
      : request_(request),
        command_(command),
        socket_(std::move(socket)),
        folder_(folder),
        signals_(signals),
        notes_(notes) {}

  // Docker's daemon is sent a profile; Podman's opens the path that it is told.
  absl::Status WriteProfiles() {
    for (const ServiceProfile& profile : request_.profiles) {
      const std::string path = Concat(folder_.path(), "/", profile_paths_.size(), ".seccomp.json");
      SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, profile.engine_profile));
      profile_paths_[profile.title] = path;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<VerifiedRun> Run(bool enforced, std::optional<milliseconds> limit) {
    const std::string recordings = Concat(folder_.recordings(), "/", ++runs_);
    SYSCARVE_ASSIGN_OR_RETURN(EngineRelay relay, StartRelay(enforced));
    const absl::StatusOr<RecordedRun> recorded = Record(WithEngine(command_, relay.path()), recordings, limit);
    const absl::StatusOr<RelayReport> report = relay.Finish();
    if (report.ok() && report->engine_gone) {
      return absl::UnavailableError(
          Concat("the container engine at ", EscapeForTerminal(socket_),
                 " went away while the command ran, so that nothing is known of its containers"));
    }
    SYSCARVE_RETURN_IF_ERROR(recorded.status());
    SYSCARVE_RETURN_IF_ERROR(report.status());

    VerifiedRun run;
    run.enforced = enforced;
    run.status = recorded->command_status;
    run.over_limit = recorded->over_limit;
    run.took = recorded->took;
    run.containers.emplace();
    run.containers->problems = report->problems;
    SYSCARVE_RETURN_IF_ERROR(ReadRecordings(recordings, enforced, *run.containers));
    AddContainerEnds(
        report->events, kConfinedLabel,
        [this](const Container& container) -> std::optional<std::string> {
          const ServiceProfile* const profile = ProfileOf(container);
          return profile == nullptr ? std::nullopt : std::optional(profile->title);
        },
        run.containers->containers);
    std::error_code error;
    fs::remove_all(recordings, error);
    return run;
  }

 private:
  const ServiceProfile* ProfileOf(const Container& container) const {
    return request_.filter.Matches(container) ? ProfileFor(container, request_.by, request_.profiles) : nullptr;
  }

  absl::StatusOr<EngineRelay> StartRelay(bool enforced) const {
    RelayOptions options = {
        .engine_socket = socket_, .folder = folder_.path(), .identity = command_.identity, .confine = {}};
    options.confine = [this, enforced](const CreateRequest& asked) -> std::optional<Confinement> {
      const ServiceProfile* const profile = enforced ? ProfileOf(asked.container) : nullptr;
      if (profile == nullptr) return std::nullopt;
      const auto path = profile_paths_.find(profile->title);
      return Confinement{.profile = path == profile_paths_.end() ? profile->engine_profile : path->second,
                         .cap_add = profile->line.has_value() && profile->line->cap_add.has_value()
                                        ? profile->line->cap_add
                                        : profile->cap_add,
                         .line = profile->line,
                         .label = std::string(kConfinedLabel)};
    };
    return EngineRelay::Start(options);
  }

  // In a process of its own, which is left without what recording needs when it is over.
  absl::StatusOr<RecordedRun> Record(const Command& command, const std::string& folder,
                                     std::optional<milliseconds> limit) {
    const UniqueFd result(memfd_create("syscarve-result", MFD_CLOEXEC));
    if (!result.valid()) return PosixError("make a file in memory", errno);
    const SubreaperScope subreaper;
    const Clock::time_point start = Clock::now();
    const pid_t recorder = fork();
    if (recorder < 0) return PosixError("fork", errno);
    if (recorder == 0) {
      // When we are killed, it tells its command to end and does so itself.
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      (void)WriteAll(result.get(), Outcome(RecordHere(command, folder)), "the outcome");
      _exit(0);
    }
    signals_.SetTarget(recorder);
    RecordedRun recorded;
    const absl::Status waited = WaitFor(recorder, limit, recorded.over_limit);
    signals_.SetTarget(0);
    recorded.took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    SYSCARVE_RETURN_IF_ERROR(waited);
    std::array<char, 4096> text;
    const ssize_t size = pread(result.get(), text.data(), text.size(), 0);
    const absl::StatusOr<int> status = ParseOutcome({text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))});
    SYSCARVE_RETURN_IF_ERROR(status.status());
    recorded.command_status = *status;
    return recorded;
  }

  absl::StatusOr<RecordedContainers> RecordHere(const Command& command, const std::string& folder) const {
    RecordContainersRequest request;
    request.output = folder;
    request.record.run_name = kVerifyRunName;
    request.record.grace = request_.verify.grace;
    request.engine_socket = socket_;
    request.filter = request_.filter;
    request.by = request_.by;
    request.cgroup_parents = request_.cgroup_parents;
    request.max_containers = request_.max_containers;
    request.expect_containers = false;
    request.warn_of_gaps = false;
    request.quiet = true;
    RecordStage stage = RecordStage::kSetUp;
    RecorderNotes notes(notes_);
    return RecordContainersToFolder(request, command, stage, notes);
  }

  // Until the recorder has ended, which it does with the command. At the limit the command and what it started are
  // ended; containers are the engine's.
  absl::Status WaitFor(pid_t recorder, std::optional<milliseconds> limit, bool& over_limit) {
    const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, recorder, 0)));
    if (!process.valid()) return PosixError("look at the recorder", errno);
    const Clock::time_point start = Clock::now();
    std::optional<Clock::time_point> deadline;
    if (limit.has_value()) deadline = start + *limit;
    bool asked_to_end = false;
    bool killed = false;
    for (;;) {
      std::array<pollfd, 2> descriptors = {pollfd{.fd = process.get(), .events = POLLIN},
                                           pollfd{.fd = signals_.fd(), .events = POLLIN}};
      int patience = -1;
      if (deadline.has_value()) {
        const auto left = std::chrono::ceil<milliseconds>(*deadline - Clock::now());
        patience = static_cast<int>(std::clamp<int64_t>(left.count(), 0, 3'600'000));
      }
      if (poll(descriptors.data(), descriptors.size(), patience) < 0 && errno != EINTR) {
        return PosixError("wait for the recorder", errno);
      }
      if (descriptors[1].revents != 0) asked_to_end |= signals_.HandlePending().target_asked_to_end;
      if (descriptors[0].revents != 0) break;
      if (!deadline.has_value() || Clock::now() < *deadline) continue;
      if (!over_limit) {
        over_limit = true;
        kill(recorder, SIGTERM);  // It passes that on to the command.
        deadline = Clock::now() + request_.verify.grace;
      } else if (!killed) {
        killed = true;
        EndBelow(recorder);
        deadline = Clock::now() + kRecorderLimit;
      } else {
        kill(recorder, SIGKILL);
        deadline.reset();
      }
    }
    waitpid(recorder, nullptr, 0);
    // What lost its parent is ours by now.
    if (over_limit) EndBelow(getpid());
    if (asked_to_end) return absl::AbortedError("a signal ended the verification before all runs were made");
    return absl::OkStatus();
  }

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
      const ServiceProfile* const its = ProfileOf(container);
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
    // All that is known of a service whose containers were lost is the name of its recording.
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
  const Command& command_;
  const std::string socket_;
  const WorkFolder& folder_;
  SignalForwarder& signals_;
  Notes& notes_;
  uint32_t runs_ = 0;
  std::map<std::string, std::string> profile_paths_;  // By title; empty where the engine is sent the text.
  RefusedBefore before_;
};

}  // namespace

absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, const Command& command,
                                              SignalForwarder& signals, Notes& notes) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string socket, EngineSocket(request.engine_socket));
  SYSCARVE_ASSIGN_OR_RETURN(const Engine engine, Engine::Connect(socket));
  SYSCARVE_ASSIGN_OR_RETURN(const WorkFolder folder, WorkFolder::Make(command.identity.has_value()));
  Verifier verifier(request, command, socket, folder, signals, notes);
  if (engine.Info().name == "podman") SYSCARVE_RETURN_IF_ERROR(verifier.WriteProfiles());
  const ContainerFilter& filter = request.filter;
  const bool chosen = !filter.names.empty() || !filter.labels.empty() || !filter.compose_project.empty();
  return RunPhases(
      request.verify, [&](bool enforced, std::optional<milliseconds> limit) { return verifier.Run(enforced, limit); },
      [&](std::vector<VerifiedRun> runs) { return JudgeContainers(std::move(runs), request.profiles, chosen); }, notes);
}

}  // namespace syscarve
