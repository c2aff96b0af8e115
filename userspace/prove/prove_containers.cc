// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/prove_containers.h"

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
#include <chrono>
#include <iterator>
#include <map>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/app/call_refusals.h"
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
#include "userspace/prove/refusal_trials.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// A process counts that is in the same state twice, so far apart: one on its way from one state to another, or to its
// end, would differ from run to run.
constexpr milliseconds kSteady{30};
constexpr milliseconds kStep{20};
// What is removed, in the report, where only a profile is written anew.
constexpr std::string_view kOwnProfile = "its own profile";
// From SIGKILL to a process's end.
constexpr std::chrono::seconds kKillLimit{10};

// Capabilities, by number, and as bits.
using Capabilities = std::set<int>;

std::vector<std::string> NamesOf(const Capabilities& capabilities) {
  std::vector<std::string> names;
  for (const int capability : capabilities) names.push_back(CapabilityName(capability));
  return names;
}

Capabilities Minus(Capabilities all, const Capabilities& some) {
  for (const int capability : some) all.erase(capability);
  return all;
}

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
    // Without an executable it is dead already.
    if (!read.has_value() || state.program.empty()) continue;
    state.state = *read;
    states.emplace(pid, std::move(state));
  }
  return states;
}

// What a run changes of a service's containers.
struct Change {
  std::optional<Capabilities> kept;  // nullopt: all that it has.
  std::optional<Refusals> refused;   // nullopt: its profile is left as it is.
};
using Changes = std::map<std::string, Change>;  // By service.

// A text that no engine takes for a profile: a container of which it is asked is not created.
std::string NoProfile(const absl::Status& status) {
  return Concat("no profile could be made: ", status.message());
}

class ContainerProver {
 public:
  ContainerProver(const ProveContainersRequest& request, const Command& command, const Engine& engine,
                  const WorkFolder& folder, SignalForwarder& signals, Notes& notes)
      : request_(request),
        command_(command),
        engine_(engine),
        folder_(folder),
        signals_(signals),
        notes_(notes),
        label_(Concat("syscarve.prove.", getpid())),
        observer_(request.proof.refusals, std::nullopt),
        trials_(request.proof, notes) {}

  absl::StatusOr<Proof> Prove() {
    const auto unchanged = [this](ProofTrials::Limit limit) { return RunOnce({}, limit); };
    SYSCARVE_ASSIGN_OR_RETURN(const bool goes_on, trials_.RunReference(unchanged));
    if (!observer_.obstacle().empty()) Remark(observer_.obstacle());
    if (!goes_on) return std::move(proof_);
    if (!left_running_.empty()) {
      proof_.unproven = Concat("container ", left_running_,
                               " outlives the command, so that its end is not seen and the next run finds it there");
      return std::move(proof_);
    }
    for (const ServiceToProve& service : request_.services) {
      SYSCARVE_RETURN_IF_ERROR(ProveService(service));
    }
    SYSCARVE_RETURN_IF_ERROR(TryTogether());
    SYSCARVE_RETURN_IF_ERROR(trials_.Confirm(0, unchanged));
    return std::move(proof_);
  }

 private:
  // What the reference runs showed of a service.
  struct Seen {
    uint64_t bounding = 0;   // Of all its processes.
    bool processes = false;  // Whether any was seen.
    std::string not_ours;    // A container that was not created through the relay, or is privileged.
  };

  // What the last run showed of a service's processes.
  struct SeenLast {
    uint64_t bounding = 0;
    bool unfiltered = false;  // One is under no seccomp filter.
  };

  std::optional<std::string> ServiceOf(const Container& container) const {
    if (!request_.filter.Matches(container)) return std::nullopt;
    for (const std::string& title : ServiceTitles(container, request_.by)) {
      if (std::ranges::find(request_.services, title, &ServiceToProve::title) != request_.services.end()) return title;
    }
    return std::nullopt;
  }

  absl::StatusOr<EngineRelay> StartRelay(const Changes& changes) const {
    return EngineRelay::Start({.engine_socket = engine_.socket(),
                               .folder = folder_.path(),
                               .identity = command_.identity,
                               .confine = [this, &changes](const CreateRequest& asked) -> std::optional<Confinement> {
                                 return ConfinementOf(asked, changes);
                               },
                               .hold_ends = true});
  }

  // In the relay's process.
  Confinement ConfinementOf(const CreateRequest& asked, const Changes& changes) const {
    // The label of every container: it is the command's, and removed if it is left.
    Confinement confinement{.profile = std::nullopt, .cap_add = std::nullopt, .label = label_};
    const std::optional<std::string> service = ServiceOf(asked.container);
    if (!service.has_value()) return confinement;
    const auto found = changes.find(*service);
    if (found == changes.end()) return confinement;
    const Change& change = found->second;
    const Capabilities configured = ConfiguredCapabilities(asked.container);
    if (change.kept.has_value()) {
      // Never more than was asked for.
      Capabilities kept;
      std::ranges::set_intersection(*change.kept, configured, std::inserter(kept, kept.end()));
      confinement.cap_add = NamesOf(kept);
    }
    if (change.refused.has_value()) {
      const auto by_default = default_profiles_.find(*service);
      const absl::StatusOr<std::string> profile = ContainerProfileWithout(
          asked.seccomp, by_default == default_profiles_.end() ? std::nullopt : by_default->second, configured,
          *change.refused);
      confinement.profile = profile.ok() ? *profile : NoProfile(profile.status());
    }
    return confinement;
  }

  absl::StatusOr<ProofRun> RunOnce(const Changes& changes, std::optional<milliseconds> limit) {
    SYSCARVE_ASSIGN_OR_RETURN(EngineRelay relay, StartRelay(changes));
    ProofRun run;
    observer_.Begin();
    const Clock::time_point start = Clock::now();
    const absl::Status ran = RunCommand(relay, limit, run);
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
    const bool left = report.ok() && !RemoveLeft(report->events).empty();
    SYSCARVE_RETURN_IF_ERROR(ran);
    SYSCARVE_RETURN_IF_ERROR(report.status());
    for (const std::string& problem : report->problems) Remark(problem);
    for (const VerifiedContainer& container : run.containers) {
      if (!container.confined) seen_[container.service].not_ours = container.name;
      if (container.running && left && changes.empty() && !run.Failed()) left_running_ = container.name;
    }
    for (const auto& [service, change] : changes) SYSCARVE_RETURN_IF_ERROR(CheckChange(service, change));
    return run;
  }

  // What the engine was asked for must be what it did, or a trial shows nothing.
  absl::Status CheckChange(const std::string& service, const Change& change) {
    const Seen& seen = seen_[service];
    if (!seen.not_ours.empty()) {
      return absl::FailedPreconditionError(
          Concat("container ", seen.not_ours, " of ", service, " was created past the relay in a trial"));
    }
    const SeenLast& last = last_[service];
    if (change.refused.has_value() && last.unfiltered) {
      return absl::FailedPreconditionError(
          Concat("the engine runs containers of ", service, " without the profile that they were created with"));
    }
    if (!change.kept.has_value()) return absl::OkStatus();
    const uint64_t more = last.bounding & ~CapabilityBits(*change.kept);
    for (int capability = 0; capability < kCapabilityCount; ++capability) {
      if ((more >> capability & 1) != 0) {
        return absl::FailedPreconditionError(
            Concat("the engine gave containers of ", service, " ", CapabilityName(capability), ", which was dropped"));
      }
    }
    return absl::OkStatus();
  }

  // Runs the command to its end, and ends what it leaves.
  absl::Status RunCommand(EngineRelay& relay, std::optional<milliseconds> limit, ProofRun& run) {
    last_.clear();
    const Command command = WithEngine(command_, relay.path());
    const SubreaperScope subreaper;
    const ExecImage image(command);
    SYSCARVE_ASSIGN_OR_RETURN(WaitingChild child, WaitingChild::Start(image));
    signals_.SetTarget(child.pid());
    SYSCARVE_RETURN_IF_ERROR(child.Release());
    const absl::Status waited = Wait(child.pid(), relay, limit, run);
    signals_.SetTarget(0);
    SYSCARVE_RETURN_IF_ERROR(waited);
    return child.ReadExecFailure(command.path);
  }

  // Until the command has ended and what it started, too, or was made to.
  absl::Status Wait(pid_t child, EngineRelay& relay, std::optional<milliseconds> limit, ProofRun& run) {
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
          deadline = Clock::now() + request_.proof.grace;
        }
      }
      if (ended && CountBelow(getpid()) == 0) break;
      if (deadline.has_value() && Clock::now() >= *deadline) {
        if (!ended && !run.over_limit) {
          run.over_limit = true;
          kill(child, SIGTERM);
          deadline = Clock::now() + request_.proof.grace;
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
          ReadStates(end->container, run);
          relay.LetPass(*end);
        }
      }
    }
    if (asked_to_end) return absl::AbortedError("a signal ended the proof before everything was tried");
    return absl::OkStatus();
  }

  // The states of a container's processes, if it is of a service.
  void ReadStates(const std::string& name, ProofRun& run) {
    const absl::StatusOr<ContainerDetails> details = engine_.Inspect(name);
    if (!details.ok() || details->pid == 0) return;
    const std::optional<std::string> service = ServiceOf(details->container);
    if (!service.has_value()) return;
    const std::map<pid_t, ProcessEnding> first = StatesOf(details->container.id, *service);
    std::this_thread::sleep_for(kSteady);
    for (const auto& [pid, state] : StatesOf(details->container.id, *service)) {
      const auto before = first.find(pid);
      if (before == first.end() || before->second != state) continue;
      run.endings.insert(state);
      const uint64_t bounding = BoundingSetOf(pid).value_or(0);
      last_[*service].bounding |= bounding;
      constexpr unsigned kFilter = 2;
      if (SeccompModeOf(pid).value_or(kFilter) != kFilter) last_[*service].unfiltered = true;
      Seen& seen = seen_[*service];
      seen.bounding |= bounding;
      seen.processes = true;
    }
  }

  // Removes the containers of a run that are still there: the next one would find them. Returns their ids.
  std::vector<std::string> RemoveLeft(const std::vector<EngineEvent>& events) const {
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
    return {left.begin(), left.end()};
  }

  void Remark(std::string text) {
    if (std::ranges::find(proof_.remarks, text) == proof_.remarks.end()) proof_.remarks.push_back(std::move(text));
  }

  // The capabilities that its containers have when nothing is changed.
  Capabilities HeldBy(const ServiceToProve& service) {
    const Seen& seen = seen_[service.title];
    if (!seen.processes) return service.held;
    Capabilities held;
    for (int capability = 0; capability < kCapabilityCount; ++capability) {
      if ((seen.bounding >> capability & 1) != 0) held.insert(capability);
    }
    return held;
  }

  // Why nothing can be said of a service, or "".
  std::string ObstacleTo(const ServiceToProve& service) {
    bool started = false;
    for (const ProofRun& run : proof_.reference) {
      for (const VerifiedContainer& container : run.containers) started = started || container.service == service.title;
    }
    if (!started) return "the command starts no container of it";
    const Seen& seen = seen_[service.title];
    if (seen.not_ours.empty()) return "";
    return Concat("container ", seen.not_ours, " is privileged, or was not created through DOCKER_HOST");
  }

  absl::StatusOr<std::optional<std::string>> Try(const std::string& service, const Capabilities& held,
                                                 const Capabilities& kept, const std::string& words) {
    const Capabilities gone = Minus(held, kept);
    return trials_.Try({.service = service, .without = NamesOf(gone), .difference = std::nullopt}, words,
                       CapabilityBits(gone), [&](ProofTrials::Limit limit) {
                         return RunOnce({{service, {.kept = kept, .refused = std::nullopt}}}, limit);
                       });
  }

  // The capabilities to try individually: the granted ones if a run without all others does not differ, else `held`.
  absl::StatusOr<Capabilities> WorthTrying(const ServiceToProve& service, const Capabilities& held) {
    Capabilities granted;
    for (const int capability : held) {
      if (service.granted.contains(capability)) granted.insert(capability);
    }
    if (granted.size() == held.size()) return held;
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        Try(service.title, held, granted,
            Concat("the ", held.size() - granted.size(), " capabilities that the recording has not granted")));
    if (!difference.has_value()) return granted;
    Remark(Concat(service.title, " needs capabilities that the recording has not granted: ", *difference));
    return held;
  }

  absl::Status ProveService(const ServiceToProve& service) {
    ServiceProof proven{.service = service.title, .recording = service.recording};
    const std::string obstacle = ObstacleTo(service);
    if (!obstacle.empty()) Remark(Concat(service.title, ": ", obstacle));
    if (request_.capabilities) SYSCARVE_RETURN_IF_ERROR(ProveCapabilities(service, obstacle, proven));
    if (request_.calls) SYSCARVE_RETURN_IF_ERROR(ProveCalls(service, obstacle, proven));
    proof_.services.push_back(std::move(proven));
    return absl::OkStatus();
  }

  absl::Status ProveCapabilities(const ServiceToProve& service, const std::string& obstacle, ServiceProof& proven) {
    const Capabilities held = HeldBy(service);
    // What was granted and is none of the container's own was asked with others' credentials.
    Capabilities granted;
    std::ranges::set_intersection(service.granted, service.held, std::inserter(granted, granted.end()));
    for (const int capability : obstacle.empty() ? Minus(granted, held) : granted) {
      std::string why = obstacle;
      if (why.empty()) {
        why = prctl(PR_CAPBSET_READ, capability) == 1 ? "its containers do not have it here" : "this host lacks it";
      }
      proven.capabilities.push_back({CapabilityName(capability), ProofVerdict::kUndecided, std::move(why)});
    }
    if (obstacle.empty()) SYSCARVE_RETURN_IF_ERROR(DecideCapabilities(service, held, proven));
    std::ranges::sort(proven.capabilities, {},
                      [](const Proven& one) { return CapabilityFromName(one.name).value_or(0); });
    return absl::OkStatus();
  }

  absl::Status DecideCapabilities(const ServiceToProve& service, const Capabilities& held, ServiceProof& proven) {
    SYSCARVE_ASSIGN_OR_RETURN(const Capabilities tried, WorthTrying(service, held));
    const std::vector<int> items(tried.begin(), tried.end());
    const auto given = [&](const std::set<size_t>& kept) {
      Capabilities capabilities;
      for (const size_t i : kept) capabilities.insert(items[i]);
      return capabilities;
    };
    SYSCARVE_ASSIGN_OR_RETURN(
        std::vector<Proven> decided,
        trials_.Decide(
            {.service = service.title,
             .kind = "capabilities",
             .names = NamesOf(tried),
             .others = NamesOf(Minus(held, tried)),
             .ignored = [&](const std::set<size_t>& kept) { return CapabilityBits(Minus(held, given(kept))); },
             .run =
                 [&](const std::set<size_t>& kept, ProofTrials::Limit limit) {
                   return RunOnce({{service.title, {.kept = given(kept), .refused = std::nullopt}}}, limit);
                 }}));
    Capabilities result;
    for (const Proven& one : decided) {
      if (one.verdict != ProofVerdict::kNotNeeded) result.insert(CapabilityFromName(one.name).value_or(0));
    }
    removed_ |= CapabilityBits(Minus(held, result));
    results_[service.title].kept = std::move(result);
    ++decided_;
    proven.capabilities.insert(proven.capabilities.end(), decided.begin(), decided.end());
    // The rest was removed in every trial.
    for (const int capability : Minus(held, tried)) {
      proven.capabilities.push_back({CapabilityName(capability), ProofVerdict::kNotNeeded, ""});
    }
    return absl::OkStatus();
  }

  // Why calls of the service cannot be refused, or "". Its containers are created with a profile of ours, which refuses
  // nothing more than theirs: what differs then would differ in every trial.
  absl::StatusOr<std::string> ObstacleToRefusals(const ServiceToProve& service) {
    // It opens a path where Docker is sent the text.
    if (engine_.Info().name == "podman") return "calls are not tried with Podman";
    const absl::StatusOr<std::optional<Profile>> by_default = DefaultProfileFor(service.container);
    if (!by_default.ok()) return Concat("the engine's own profile is not known: ", by_default.status().message());
    default_profiles_[service.title] = *by_default;
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        trials_.Try({.service = service.title, .without = {std::string(kOwnProfile)}, .difference = std::nullopt},
                    "anything but with its own profile written anew", 0, [&](ProofTrials::Limit limit) {
                      return RunOnce({{service.title, {.kept = std::nullopt, .refused = Refusals()}}}, limit);
                    }));
    if (!difference.has_value()) return "";
    return Concat("with its own profile written anew it goes otherwise: ", *difference);
  }

  absl::StatusOr<std::optional<Profile>> DefaultProfileFor(const Container& container) {
    Recording configured;
    configured.subjects.push_back({.kind = SubjectKind::kContainer, .container = container});
    SYSCARVE_ASSIGN_OR_RETURN(
        CeilingSource source,
        CeilingSource::Load({.ceiling = "engine-default", .engine_socket = engine_.socket(), .target = {}}, notes_));
    SYSCARVE_ASSIGN_OR_RETURN(Ceiling ceiling, source.For({&configured, 1}));
    return std::move(ceiling.profile);
  }

  absl::Status ProveCalls(const ServiceToProve& service, std::string obstacle, ServiceProof& proven) {
    if (obstacle.empty()) {
      SYSCARVE_ASSIGN_OR_RETURN(obstacle, ObstacleToRefusals(service));
      if (!obstacle.empty()) Remark(Concat(service.title, ": ", obstacle));
    }
    const RefusalTrials refusals(trials_, service.title, /*ignored=*/0, obstacle,
                                 [&](const Refusals& refused, ProofTrials::Limit limit) {
                                   return RunOnce({{service.title, {.kept = std::nullopt, .refused = refused}}}, limit);
                                 });
    Refusals result;
    SYSCARVE_ASSIGN_OR_RETURN(proven.calls, refusals.ProveCalls(service.calls, result));
    if (!obstacle.empty()) return absl::OkStatus();
    results_[service.title].refused = std::move(result);
    ++decided_;
    return absl::OkStatus();
  }

  // Each service was tried with the others as they are, and capabilities by themselves.
  absl::Status TryTogether() {
    if (decided_ < 2) return absl::OkStatus();
    std::vector<std::string> words;
    for (const auto& [service, change] : results_) {
      if (change.kept.has_value()) {
        words.push_back(
            Concat(service, " with ", change.kept->empty() ? "none" : absl::StrJoin(NamesOf(*change.kept), " ")));
      }
      if (change.refused.has_value()) words.push_back(Concat(service, " without ", RefusalsWords(*change.refused)));
    }
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        trials_.Try({.service = "", .without = words, .difference = std::nullopt}, "all that is not needed, at once",
                    removed_, [&](ProofTrials::Limit limit) { return RunOnce(results_, limit); }));
    if (difference.has_value()) {
      proof_.unproven = Concat("without all that is not needed at once the command goes otherwise: ", *difference);
    }
    return absl::OkStatus();
  }

  const ProveContainersRequest& request_;
  const Command& command_;
  const Engine& engine_;
  const WorkFolder& folder_;
  SignalForwarder& signals_;
  Notes& notes_;
  const std::string label_;  // Of the containers that were created through our relays.
  RefusalObserver observer_;
  ProofTrials trials_;
  Proof& proof_ = trials_.proof();
  std::map<std::string, Seen> seen_;
  std::map<std::string, SeenLast> last_;  // By service.
  // What the engine enforces on a service's containers when nobody asks for anything else; nullopt: nothing.
  std::map<std::string, std::optional<Profile>> default_profiles_;
  std::string left_running_;  // A container that outlived a reference run.
  Changes results_;           // All that is not needed is removed.
  size_t decided_ = 0;        // Of how many services and kinds `results_` are.
  uint64_t removed_ = 0;      // Capabilities that are not needed, of any service.
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

absl::StatusOr<Proof> ProveContainers(const ProveContainersRequest& request, const Command& command,
                                      SignalForwarder& signals, Notes& notes) {
  SYSCARVE_RETURN_IF_ERROR(CheckMayLook());
  SYSCARVE_ASSIGN_OR_RETURN(const std::string socket, EngineSocket(request.engine_socket));
  SYSCARVE_ASSIGN_OR_RETURN(const Engine engine, Engine::Connect(socket));
  SYSCARVE_ASSIGN_OR_RETURN(const WorkFolder folder, WorkFolder::Make(command.identity.has_value()));
  return ContainerProver(request, command, engine, folder, signals, notes).Prove();
}

}  // namespace syscarve
