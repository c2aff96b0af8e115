// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/container_runs.h"

#include <dirent.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <thread>
#include <utility>

#include "userspace/app/container_ends.h"
#include "userspace/app/engine_default.h"
#include "userspace/app/relayed_command.h"
#include "userspace/app/service_profiles.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/container/engine.h"
#include "userspace/container/engine_relay.h"
#include "userspace/model/capability.h"
#include "userspace/model/profile_target.h"
#include "userspace/process/process_state.h"
#include "userspace/process/process_tree.h"
#include "userspace/process/waiting_child.h"
#include "userspace/prove/refusal_observer.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A process counts if it is in the same state twice at this interval: one that changes its state or is about to end
// would differ from run to run.
constexpr milliseconds kSteady{30};
constexpr milliseconds kStep{20};
// Time from SIGKILL to a process's end.
constexpr std::chrono::seconds kKillLimit{10};

// The processes in the cgroups of the container `id`; conmon, which watches Podman's, is in one of a similar name.
std::vector<pid_t> ProcessesOf(const std::string& id) {
  std::vector<pid_t> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir("/proc"), closedir);
  if (entries == nullptr) return processes;
  while (const dirent* const entry = readdir(entries.get())) {
    const std::optional<pid_t> pid = ParseNumber<pid_t>(entry->d_name);
    if (!pid.has_value()) continue;
    const absl::StatusOr<std::string> cgroups = ReadFile(Concat("/proc/", *pid, "/cgroup"), size_t{1} << 20);
    if (cgroups.ok() && cgroups->find(id) != cgroups->npos && cgroups->find("conmon") == cgroups->npos) {
      processes.push_back(*pid);
    }
  }
  return processes;
}

std::map<pid_t, ProcessEnding> StatesOf(const std::string& id, const std::string& service) {
  std::map<pid_t, ProcessEnding> states;
  for (const pid_t pid : ProcessesOf(id)) {
    ProcessEnding state{.program = ExecutableOf(pid), .state = {}, .service = service};
    const std::optional<ProcessState> read = ReadProcessState(pid);
    // A process without an executable is already dead.
    if (!read.has_value() || state.program.empty()) continue;
    state.state = *read;
    states.emplace(pid, std::move(state));
  }
  return states;
}

// A text that no engine accepts as a profile: a container with it is not created.
std::string NoProfile(const absl::Status& status) {
  return Concat("no profile could be made: ", status.message());
}

class RelayedRuns final : public ContainerRuns {
 public:
  RelayedRuns(ContainerRunsRequest request, const Command& command, Engine engine, WorkFolder folder,
              SignalForwarder& signals, Notes& notes)
      : request_(std::move(request)),
        command_(command),
        engine_(std::move(engine)),
        folder_(std::move(folder)),
        signals_(signals),
        notes_(notes),
        label_(Concat("syscarve.prove.", getpid())),
        observer_(request_.refusals, std::nullopt) {}

  absl::StatusOr<ShownRun> RunWith(const ContainerChanges& changes, std::optional<milliseconds> limit) override {
    SYSCARVE_ASSIGN_OR_RETURN(EngineRelay relay, StartRelay(changes));
    ShownRun shown;
    ProofRun& run = shown.run;
    observer_.Begin();
    const Clock::time_point start = Clock::now();
    const absl::Status ran = RunCommand(relay, limit, shown);
    run.took = std::chrono::duration_cast<milliseconds>(Clock::now() - start);
    const absl::StatusOr<RelayReport> report = relay.Finish();
    if (report.ok() && report->engine_gone) {
      return absl::UnavailableError(
          Concat("the container engine at ", EscapeForTerminal(engine_.socket()), " went away while the command ran"));
    }
    if (report.ok()) {
      AddContainerEnds(
          report->events, label_, [this](const Container& container) { return ServiceOf(container); }, run.containers);
    }
    run.refusals = observer_.End([&](const std::string& cgroup) -> std::optional<std::string> {
      for (const VerifiedContainer& container : run.containers) {
        if (!container.id.empty() && cgroup.find(container.id) != std::string_view::npos) return container.service;
      }
      return std::nullopt;
    });
    shown.left = report.ok() && RemoveLeft(report->events);
    SYSCARVE_RETURN_IF_ERROR(ran);
    SYSCARVE_RETURN_IF_ERROR(report.status());
    shown.problems = report->problems;
    return shown;
  }

  std::string WhyUnwatched() const override { return observer_.obstacle(); }
  std::string EngineName() const override { return engine_.Info().name; }

  absl::StatusOr<std::optional<Profile>> DefaultProfile(const Container& container) override {
    Recording configured;
    configured.subjects.push_back({.kind = SubjectKind::kContainer, .container = container});
    SYSCARVE_ASSIGN_OR_RETURN(
        CeilingSource source,
        CeilingSource::Load({.ceiling = "engine-default", .engine_socket = engine_.socket(), .target = {}}, notes_));
    SYSCARVE_ASSIGN_OR_RETURN(Ceiling ceiling, source.For({&configured, 1}));
    return std::move(ceiling.profile);
  }

  bool HostHas(int capability) const override { return prctl(PR_CAPBSET_READ, capability) == 1; }

 private:
  std::optional<std::string> ServiceOf(const Container& container) const {
    if (!request_.filter.Matches(container)) return std::nullopt;
    for (const std::string& title : ServiceTitles(container, request_.by)) {
      if (request_.services.contains(title)) return title;
    }
    return std::nullopt;
  }

  absl::StatusOr<EngineRelay> StartRelay(const ContainerChanges& changes) const {
    return EngineRelay::Start({.engine_socket = engine_.socket(),
                               .folder = folder_.path(),
                               .identity = command_.identity,
                               .confine = [this, &changes](const CreateRequest& asked) -> std::optional<Confinement> {
                                 return ConfinementOf(asked, changes);
                               },
                               .hold_ends = true});
  }

  // In the relay's process.
  Confinement ConfinementOf(const CreateRequest& asked, const ContainerChanges& changes) const {
    const std::optional<std::string> service = ServiceOf(asked.container);
    const auto change = service.has_value() ? changes.find(*service) : changes.end();
    Confinement confinement = change == changes.end() ? Confinement() : ConfinementWith(asked, change->second);
    // Set on every container: the container is the command's, and is removed if it is left.
    confinement.label = label_;
    return confinement;
  }

  // Runs the command to its end, and terminates what it leaves.
  absl::Status RunCommand(EngineRelay& relay, std::optional<milliseconds> limit, ShownRun& shown) {
    const Command command = WithEngine(command_, relay.path());
    const SubreaperScope subreaper;
    const ExecImage image(command);
    SYSCARVE_ASSIGN_OR_RETURN(WaitingChild child, WaitingChild::Start(image));
    signals_.SetTarget(child.pid());
    SYSCARVE_RETURN_IF_ERROR(child.Release());
    const absl::Status waited = Wait(child.pid(), relay, limit, shown);
    signals_.SetTarget(0);
    SYSCARVE_RETURN_IF_ERROR(waited);
    return child.ReadExecFailure(command.path);
  }

  // Waits until the command and everything that it started have ended or were terminated.
  absl::Status Wait(pid_t child, EngineRelay& relay, std::optional<milliseconds> limit, ShownRun& shown) {
    ProofRun& run = shown.run;
    std::optional<Clock::time_point> deadline;
    if (limit.has_value()) deadline = Clock::now() + *limit;
    bool ended = false;
    bool asked_to_end = false;
    bool killed = false;
    for (;;) {
      if (!ended) {
        int status = 0;
        if (waitpid(child, &status, WNOHANG) == child) {
          ended = true;
          run.status = ShellStatus(status);
          signals_.SetTarget(0);
          deadline = Clock::now() + request_.grace;
        }
      }
      if (ended && CountBelow(getpid()) == 0) break;
      if (deadline.has_value() && Clock::now() >= *deadline) {
        if (!ended && !run.over_limit) {
          run.over_limit = true;
          kill(child, SIGTERM);
          deadline = Clock::now() + request_.grace;
        } else if (!std::exchange(killed, true)) {
          if (ended && !run.over_limit) run.ended = CountBelow(getpid());
          EndBelow(getpid());
          deadline = Clock::now() + kKillLimit;
        } else if (ended) {
          break;  // Stuck in the kernel.
        } else {
          return absl::DeadlineExceededError("the command does not end by SIGKILL");
        }
      }
      if (killed) EndBelow(getpid());
      std::array<pollfd, 2> descriptors = {pollfd{.fd = signals_.fd(), .events = POLLIN},
                                           pollfd{.fd = relay.ends(), .events = POLLIN}};
      int patience = ended || killed ? static_cast<int>(kStep.count()) : -1;
      if (!ended && deadline.has_value()) {
        const auto left = std::chrono::ceil<milliseconds>(*deadline - Clock::now());
        patience = static_cast<int>(std::clamp<int64_t>(left.count(), 0, killed ? kStep.count() : 3'600'000));
      }
      if (poll(descriptors.data(), descriptors.size(), patience) < 0 && errno != EINTR) {
        return PosixError("wait for the command", errno);
      }
      if (descriptors[0].revents != 0) {
        const SignalForwarder::News news = signals_.HandlePending();
        asked_to_end = asked_to_end || news.asked_to_end || news.target_asked_to_end;
      }
      if ((descriptors[1].revents & POLLIN) != 0) {
        if (const std::optional<HeldEnd> end = relay.TakeEnd(); end.has_value()) {
          ReadStates(end->container, shown);
          relay.LetPass(*end);
        }
      }
    }
    if (asked_to_end) return absl::AbortedError("a signal ended the proof before everything was tried");
    return absl::OkStatus();
  }

  // The states of the processes of a container that belongs to a service.
  void ReadStates(const std::string& name, ShownRun& shown) {
    const absl::StatusOr<ContainerDetails> details = engine_.Inspect(name);
    if (!details.ok() || details->pid == 0) return;
    const std::optional<std::string> service = ServiceOf(details->container);
    if (!service.has_value()) return;
    const std::map<pid_t, ProcessEnding> first = StatesOf(details->container.id, *service);
    std::this_thread::sleep_for(kSteady);
    for (const auto& [pid, state] : StatesOf(details->container.id, *service)) {
      const auto before = first.find(pid);
      if (before == first.end() || before->second != state) continue;
      shown.run.endings.insert(state);
      ShownProcesses& processes = shown.processes[*service];
      processes.bounding |= BoundingSetOf(pid).value_or(0);
      constexpr unsigned kFilter = 2;
      if (SeccompModeOf(pid).value_or(kFilter) != kFilter) processes.unfiltered = true;
    }
  }

  // Removes the remaining containers of a run, which the next run would find. Returns whether there were any.
  bool RemoveLeft(const std::vector<EngineEvent>& events) const {
    std::set<std::string> left;
    for (const EngineEvent& event : events) {
      if (event.kind == EngineEventKind::kDestroy) {
        left.erase(event.id);
      } else if (event.labels.contains(label_)) {
        left.insert(event.id);
      }
    }
    for (const std::string& id : left) {
      const absl::Status removed = engine_.Remove(id);
      if (!removed.ok() && !absl::IsNotFound(removed)) {
        notes_.Warn(Concat("a container that the command left could not be removed: ", removed.message()));
      }
    }
    return !left.empty();
  }

  const ContainerRunsRequest request_;
  const Command& command_;
  const Engine engine_;
  const WorkFolder folder_;
  SignalForwarder& signals_;
  Notes& notes_;
  const std::string label_;  // On the containers that were created through the relays.
  RefusalObserver observer_;
};

absl::Status CheckMayLook() {
  const std::optional<ProcessState> own = ReadProcessState(getpid());
  if (own.has_value() && geteuid() == 0 && (own->effective >> CAP_SYS_PTRACE & 1) != 0) return absl::OkStatus();
  return WithHint(absl::PermissionDeniedError("the processes of containers can be looked at by root only"),
                  "Run it with sudo.");
}

}  // namespace

std::set<int> ConfiguredCapabilities(const Container& container) {
  const auto all = [](const std::vector<std::string>& names) {
    return std::ranges::any_of(
        names, [](const std::string& name) { return EqualsIgnoringCase(name, "ALL") || name == "CAP_ALL"; });
  };
  std::set<int> capabilities = DefaultEngineCapabilities();
  if (all(container.cap_drop)) capabilities.clear();
  if (all(container.cap_add)) {
    for (int capability = 0; capability < kCapabilityCount; ++capability) capabilities.insert(capability);
  }
  for (const std::string& name : container.cap_drop) capabilities.erase(CapabilityFromName(name).value_or(-1));
  for (const std::string& name : container.cap_add) {
    if (const std::optional<int> capability = CapabilityFromName(name)) capabilities.insert(*capability);
  }
  return capabilities;
}

Confinement ConfinementWith(const CreateRequest& asked, const ContainerChange& change) {
  Confinement confinement;
  const std::set<int> configured = ConfiguredCapabilities(asked.container);
  if (change.kept.has_value()) {
    confinement.cap_add.emplace();
    for (const int capability : configured) {
      if (change.kept->contains(capability)) confinement.cap_add->push_back(CapabilityName(capability));
    }
  }
  if (change.refused.has_value()) {
    const absl::StatusOr<std::string> profile =
        ContainerProfileWithout(asked.seccomp, change.by_default, configured, *change.refused);
    confinement.profile = profile.ok() ? *profile : NoProfile(profile.status());
  }
  return confinement;
}

absl::StatusOr<std::unique_ptr<ContainerRuns>> RunsWithRelay(ContainerRunsRequest request, const Command& command,
                                                             SignalForwarder& signals, Notes& notes) {
  SYSCARVE_RETURN_IF_ERROR(CheckMayLook());
  SYSCARVE_ASSIGN_OR_RETURN(const std::string socket, EngineSocket(request.engine_socket));
  SYSCARVE_ASSIGN_OR_RETURN(Engine engine, Engine::Connect(socket));
  SYSCARVE_ASSIGN_OR_RETURN(WorkFolder folder, WorkFolder::Make(command.identity.has_value()));
  return std::make_unique<RelayedRuns>(std::move(request), command, std::move(engine), std::move(folder), signals,
                                       notes);
}

}  // namespace syscarve
