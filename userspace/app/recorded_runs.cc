// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/recorded_runs.h"

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
#include <filesystem>
#include <system_error>
#include <utility>

#include "userspace/app/container_findings.h"
#include "userspace/app/relayed_command.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"
#include "userspace/container/engine.h"
#include "userspace/process/process_tree.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How long a recorder may take to write its recordings after it was signalled to end.
constexpr std::chrono::seconds kRecorderLimit{60};

// Forwards warnings and errors; drops notes about the recording, which do not concern a verification.
class RecorderNotes : public Notes {
 public:
  explicit RecorderNotes(Notes& notes) : notes_(notes) {}
  void Warn(std::string_view message) override { notes_.Warn(message); }
  void Note(std::string_view) override {}
  void Error(const absl::Status& status) override { notes_.Error(status); }

 private:
  Notes& notes_;
};

class RelayAndRecorder final : public RecordedRuns {
 public:
  RelayAndRecorder(const VerifyContainersRequest& request, const Command& command, std::string socket,
                   WorkFolder folder, ProfilePaths profile_paths, SignalForwarder& signals, Notes& notes)
      : request_(request),
        command_(command),
        socket_(std::move(socket)),
        folder_(std::move(folder)),
        profile_paths_(std::move(profile_paths)),
        signals_(signals),
        notes_(notes) {}

  absl::StatusOr<RecordedRun> Make(bool enforced, std::optional<milliseconds> limit) override {
    std::error_code error;
    fs::remove_all(RecordingsOf(runs_), error);
    const std::string recordings = RecordingsOf(++runs_);
    SYSCARVE_ASSIGN_OR_RETURN(EngineRelay relay, StartRelay(enforced));
    absl::StatusOr<RecordedRun> recorded = Record(WithEngine(command_, relay.path()), recordings, limit);
    return WithReport(std::move(recorded), relay.Finish(), socket_);
  }

 private:
  std::string RecordingsOf(uint32_t run) const { return Concat(folder_.recordings(), "/", run); }

  absl::StatusOr<EngineRelay> StartRelay(bool enforced) const {
    RelayOptions options = {
        .engine_socket = socket_, .folder = folder_.path(), .identity = command_.identity, .confine = {}};
    options.confine = [this, enforced](const CreateRequest& asked) -> std::optional<Confinement> {
      return enforced ? ConfinementUnder(asked, request_, profile_paths_) : std::nullopt;
    };
    return EngineRelay::Start(options);
  }

  // Records in a process of its own, because a recorder drops the privileges that the next run needs.
  absl::StatusOr<RecordedRun> Record(const Command& command, const std::string& folder,
                                     std::optional<milliseconds> limit) {
    const UniqueFd result(memfd_create("syscarve-result", MFD_CLOEXEC));
    if (!result.valid()) return PosixError("make a file in memory", errno);
    const SubreaperScope subreaper;
    const Clock::time_point start = Clock::now();
    const pid_t recorder = fork();
    if (recorder < 0) return PosixError("fork", errno);
    if (recorder == 0) {
      // If the verification is killed, the recorder ends its command and itself.
      prctl(PR_SET_PDEATHSIG, SIGTERM);
      (void)WriteAll(result.get(), FormatOutcome(RecordHere(command, folder)), "the outcome");
      _exit(0);
    }
    signals_.SetTarget(recorder);
    RecordedRun run;
    run.recordings = folder;
    const absl::Status waited = WaitForRecorder(recorder, limit, request_.verify.grace, signals_, run.over_limit);
    signals_.SetTarget(0);
    run.took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    SYSCARVE_RETURN_IF_ERROR(waited);
    std::array<char, 4096> text;
    const ssize_t size = pread(result.get(), text.data(), text.size(), 0);
    SYSCARVE_ASSIGN_OR_RETURN(run.status, ParseOutcome({text.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))}));
    return run;
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

  const VerifyContainersRequest& request_;
  const Command& command_;
  const std::string socket_;
  const WorkFolder folder_;
  const ProfilePaths profile_paths_;
  SignalForwarder& signals_;
  Notes& notes_;
  uint32_t runs_ = 0;
};

}  // namespace

const ServiceProfile* ProfileFor(const Container& container, const VerifyContainersRequest& request) {
  return request.filter.Matches(container) ? ProfileFor(container, request.by, request.profiles) : nullptr;
}

absl::StatusOr<ProfilePaths> WriteEngineProfiles(std::span<const ServiceProfile> profiles, const std::string& folder) {
  ProfilePaths paths;
  for (const ServiceProfile& profile : profiles) {
    const std::string path = Concat(folder, "/", paths.size(), ".seccomp.json");
    SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(path, profile.engine_profile));
    paths[profile.title] = path;
  }
  return paths;
}

std::optional<Confinement> ConfinementUnder(const CreateRequest& asked, const VerifyContainersRequest& request,
                                            const ProfilePaths& paths) {
  const ServiceProfile* const profile = ProfileFor(asked.container, request);
  if (profile == nullptr) return std::nullopt;
  const auto path = paths.find(profile->title);
  return Confinement{.profile = path == paths.end() ? profile->engine_profile : path->second,
                     .cap_add = profile->line.has_value() && profile->line->cap_add.has_value() ? profile->line->cap_add
                                                                                                : profile->cap_add,
                     .line = profile->line,
                     .label = std::string(kConfinedLabel)};
}

absl::Status WaitForRecorder(pid_t recorder, std::optional<milliseconds> limit, milliseconds grace,
                             SignalForwarder& signals, bool& over_limit) {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, recorder, 0)));
  if (!process.valid()) return PosixError("look at the recorder", errno);
  const Clock::time_point start = Clock::now();
  std::optional<Clock::time_point> deadline;
  if (limit.has_value()) deadline = start + *limit;
  bool asked_to_end = false;
  bool killed = false;
  for (;;) {
    std::array<pollfd, 2> descriptors = {pollfd{.fd = process.get(), .events = POLLIN},
                                         pollfd{.fd = signals.fd(), .events = POLLIN}};
    int patience = -1;
    if (deadline.has_value()) {
      const auto left = std::chrono::ceil<milliseconds>(*deadline - Clock::now());
      patience = static_cast<int>(std::clamp<int64_t>(left.count(), 0, 3'600'000));
    }
    if (poll(descriptors.data(), descriptors.size(), patience) < 0 && errno != EINTR) {
      return PosixError("wait for the recorder", errno);
    }
    if (descriptors[1].revents != 0) asked_to_end |= signals.HandlePending().target_asked_to_end;
    if (descriptors[0].revents != 0) break;
    if (!deadline.has_value() || Clock::now() < *deadline) continue;
    if (!over_limit) {
      over_limit = true;
      kill(recorder, SIGTERM);  // The recorder forwards it to the command.
      deadline = Clock::now() + grace;
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
  // Orphans have been reparented to this process, a subreaper.
  if (over_limit) EndBelow(getpid());
  if (asked_to_end) return absl::AbortedError("a signal ended the verification before all runs were made");
  return absl::OkStatus();
}

std::string FormatOutcome(const absl::StatusOr<RecordedContainers>& recorded) {
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

absl::StatusOr<RecordedRun> WithReport(absl::StatusOr<RecordedRun> recorded, absl::StatusOr<RelayReport> report,
                                       std::string_view socket) {
  if (report.ok() && report->engine_gone) {
    return absl::UnavailableError(
        Concat("the container engine at ", EscapeForTerminal(socket),
               " went away while the command ran, so that nothing is known of its containers"));
  }
  SYSCARVE_RETURN_IF_ERROR(recorded.status());
  SYSCARVE_RETURN_IF_ERROR(report.status());
  recorded->events = std::move(report->events);
  recorded->problems = std::move(report->problems);
  return recorded;
}

absl::StatusOr<std::unique_ptr<RecordedRuns>> RunsWithRecorder(const VerifyContainersRequest& request,
                                                               const Command& command, SignalForwarder& signals,
                                                               Notes& notes) {
  SYSCARVE_ASSIGN_OR_RETURN(std::string socket, EngineSocket(request.engine_socket));
  SYSCARVE_ASSIGN_OR_RETURN(const Engine engine, Engine::Connect(socket));
  SYSCARVE_ASSIGN_OR_RETURN(WorkFolder folder, WorkFolder::Make(command.identity.has_value()));
  ProfilePaths paths;
  if (engine.Info().name == "podman") {
    SYSCARVE_ASSIGN_OR_RETURN(paths, WriteEngineProfiles(request.profiles, folder.path()));
  }
  return std::make_unique<RelayAndRecorder>(request, command, std::move(socket), std::move(folder), std::move(paths),
                                            signals, notes);
}

}  // namespace syscarve
