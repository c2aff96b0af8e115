// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/prove_command.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/call_refusals.h"
#include "userspace/base/concat.h"
#include "userspace/model/capability.h"
#include "userspace/model/profile.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/process_state.h"
#include "userspace/prove/refusal_observer.h"
#include "userspace/prove/refusal_trials.h"
#include "userspace/seccomp/compile.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// How much longer a run may take if every call is notified.
constexpr int kWatchedFactor = 10;

// Calls that end a process. They are notified, so that its state can be read.
constexpr const char* kEnds[] = {"exit", "exit_group"};

bool IsAmong(std::span<const char* const> names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

// Bounds memory; further different endings are ignored.
constexpr size_t kMostEndings = 4096;

// Lets every call through; collects call names and process endings.
class Watcher : public NotificationHandler {
 public:
  Response Decide(const Notification& notification) override {
    if (!notification.id.has_value()) return {};
    const std::optional<std::string> name = SyscallName(*notification.id);
    if (!name.has_value()) return {};
    calls_.insert(*name);
    if (!IsAmong(kEnds, *name) || notification.task == 0 || endings_.size() >= kMostEndings) return {};
    if (std::optional<ProcessState> state = ReadProcessState(notification.task); state.has_value()) {
      // The notification's program may carry another path to the same file.
      endings_.insert({.program = ExecutableOf(notification.task), .state = *std::move(state)});
    }
    return {};
  }
  void Delivered(const Notification&, const Response&) override {}

  std::set<std::string>& calls() { return calls_; }
  std::set<ProcessEnding>& endings() { return endings_; }

 private:
  std::set<std::string> calls_;
  std::set<ProcessEnding> endings_;
};

// Allows every call but `refused`, and notifies the calls that end a process.
absl::StatusOr<FilterProgram> FilterWithout(const Refusals& refused) {
  Profile profile{.default_action = {ActionKind::kAllow, 0}, .abis = HostAbis()};
  SYSCARVE_ASSIGN_OR_RETURN(profile.rules, RulesThatRefuse(refused));
  profile.rules.push_back({.names = {std::begin(kEnds), std::end(kEnds)}, .action = {ActionKind::kNotify, 0}});
  return Compile(profile);
}

// The supervisor removes it from every command.
constexpr uint64_t kWithheld = uint64_t{1} << CAP_SYS_PTRACE;

// What is removed in a run.
struct Removed {
  std::set<int> capabilities;
  Refusals refused;
};

std::vector<std::string> CapabilityNames(const std::set<int>& capabilities) {
  std::vector<std::string> names;
  for (const int capability : capabilities) names.push_back(CapabilityName(capability));
  return names;
}

class CommandProver {
 public:
  CommandProver(const ProveRequest& request, const Command& command, SignalForwarder& signals, Notes& notes)
      : request_(request),
        command_(command),
        signals_(signals),
        observer_(request.proof.refusals, getpid()),
        trials_(request.proof, notes) {}

  absl::StatusOr<Proof> Prove() {
    if (request_.capabilities) SYSCARVE_RETURN_IF_ERROR(CheckCapabilities());
    const auto unchanged = [this](ProofTrials::Limit limit) { return RunOnce({}, /*every_call=*/false, limit); };
    SYSCARVE_ASSIGN_OR_RETURN(const bool goes_on, trials_.RunReference(unchanged));
    if (!observer_.obstacle().empty()) proof_.remarks.push_back(observer_.obstacle());
    if (!goes_on) return std::move(proof_);
    if (request_.capabilities) SYSCARVE_RETURN_IF_ERROR(ProveCapabilities());
    if (request_.calls || request_.arguments.has_value()) SYSCARVE_RETURN_IF_ERROR(ProveRefusals());
    SYSCARVE_RETURN_IF_ERROR(trials_.Confirm(kWithheld, unchanged));
    return std::move(proof_);
  }

 private:
  absl::Status CheckCapabilities() const {
    if (command_.identity.has_value() && command_.identity->uid != 0) {
      return WithHint(absl::PermissionDeniedError(Concat("user ", command_.identity->uid,
                                                         ", as whom the command runs, "
                                                         "has no capabilities")),
                      "--user root runs it as root.");
    }
    const std::optional<ProcessState> own = ReadProcessState(getpid());
    if (geteuid() != 0 || !own.has_value() || (own->effective >> CAP_SETPCAP & 1) == 0) {
      return WithHint(absl::PermissionDeniedError("capabilities cannot be removed from a command without root"),
                      "Run it with sudo, and with --user root.");
    }
    return absl::OkStatus();
  }

  absl::StatusOr<ProofRun> RunOnce(const Removed& without, bool every_call, std::optional<milliseconds> limit) {
    Command command = command_;
    command.dropped_capabilities.assign(without.capabilities.begin(), without.capabilities.end());
    std::vector<sock_filter> filter;
    if (every_call) {
      filter = NotifyEveryCall();
    } else {
      SYSCARVE_ASSIGN_OR_RETURN(filter, FilterWithout(without.refused));
    }
    Watcher watcher;
    observer_.Begin();
    const Clock::time_point start = Clock::now();
    SYSCARVE_ASSIGN_OR_RETURN(const SuperviseOutcome outcome,
                              Supervise(command, filter, watcher, signals_,
                                        {.grace = request_.proof.grace, .limit = limit, .withhold_ptrace = true}));
    std::set<ProgramRefusal> refusals = observer_.End([](const std::string&) { return std::string(); });
    SYSCARVE_RETURN_IF_ERROR(Annotate(outcome.complete, "supervising the command had to stop, so it was ended"));
    if (outcome.asked_to_end) return absl::AbortedError("a signal ended the proof before everything was tried");
    if (outcome.exec_error != 0 && without.refused.empty() && without.capabilities.empty()) {
      return ExecFailure(command, outcome.exec_error);
    }
    if (every_call) calls_ = std::move(watcher.calls());
    return ProofRun{.status = outcome.status,
                    .took = std::chrono::duration_cast<milliseconds>(Clock::now() - start),
                    .over_limit = outcome.over_limit,
                    .ended = outcome.ended,
                    .start_refused = outcome.start_refused || outcome.exec_error != 0,
                    .endings = std::move(watcher.endings()),
                    .refusals = std::move(refusals)};
  }

  // The capabilities that the command would have, without CAP_SYS_PTRACE.
  std::set<int> HeldCapabilities() {
    std::set<int> held;
    const std::optional<ProcessState> own = ReadProcessState(getpid());
    for (int capability = 0; capability < kCapabilityCount; ++capability) {
      if (prctl(PR_CAPBSET_READ, capability) == 1 && own.has_value() && (own->permitted >> capability & 1) != 0) {
        held.insert(capability);
      }
    }
    if (held.erase(CAP_SYS_PTRACE) > 0) {
      proof_.remarks.emplace_back("CAP_SYS_PTRACE is withheld from every supervised command, and so not judged");
    }
    return held;
  }

  // The capabilities to try individually: the granted ones if a run without all others does not differ, else `held`.
  absl::StatusOr<std::set<int>> WorthTrying(const std::set<int>& held) {
    if (!request_.granted.has_value()) return held;
    std::set<int> granted;
    Removed others;
    for (const int capability : held) {
      (request_.granted->contains(capability) ? granted : others.capabilities).insert(capability);
    }
    if (others.capabilities.empty()) return granted;
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        trials_.Try({.service = "", .without = CapabilityNames(others.capabilities), .difference = std::nullopt},
                    Concat("the ", others.capabilities.size(), " capabilities that the recording has not granted"),
                    kWithheld | CapabilityBits(others.capabilities),
                    [&](ProofTrials::Limit limit) { return RunOnce(others, /*every_call=*/false, limit); }));
    if (!difference.has_value()) return granted;
    proof_.remarks.push_back(Concat("capabilities that the recording has not granted are needed, too: ", *difference));
    return held;
  }

  absl::Status ProveCapabilities() {
    const std::set<int> held = HeldCapabilities();
    SYSCARVE_ASSIGN_OR_RETURN(const std::set<int> tried, WorthTrying(held));
    const std::vector<int> items(tried.begin(), tried.end());
    const auto without = [&](const std::set<size_t>& kept) {
      Removed removed{.capabilities = held, .refused = {}};
      for (const size_t i : kept) removed.capabilities.erase(items[i]);
      return removed;
    };
    std::set<int> others = held;
    for (const int item : items) others.erase(item);
    SYSCARVE_ASSIGN_OR_RETURN(
        proof_.capabilities,
        trials_.Decide(
            {.service = "",
             .kind = "capabilities",
             .names = CapabilityNames(tried),
             .others = CapabilityNames(others),
             .ignored =
                 [&](const std::set<size_t>& kept) { return kWithheld | CapabilityBits(without(kept).capabilities); },
             .run = [&](const std::set<size_t>& kept,
                        ProofTrials::Limit limit) { return RunOnce(without(kept), /*every_call=*/false, limit); }}));
    // The rest was removed in every trial.
    for (const int capability : held) {
      if (!tried.contains(capability)) {
        proof_.capabilities.push_back({CapabilityName(capability), ProofVerdict::kNotNeeded, ""});
      }
    }
    std::ranges::sort(proof_.capabilities, {},
                      [](const Proven& one) { return CapabilityFromName(one.name).value_or(0); });
    return absl::OkStatus();
  }

  absl::Status ProveRefusals() {
    const RefusalTrials refusals(
        trials_, /*service=*/"", kWithheld, /*obstacle=*/"", [this](const Refusals& refused, ProofTrials::Limit limit) {
          return RunOnce({.capabilities = {}, .refused = refused}, /*every_call=*/false, limit);
        });
    Refusals dispensable;
    if (request_.calls) {
      SYSCARVE_RETURN_IF_ERROR(WatchCalls());
      if (!proof_.unproven.empty()) return absl::OkStatus();
      SYSCARVE_ASSIGN_OR_RETURN(proof_.calls, refusals.ProveCalls(calls_, dispensable));
    }
    if (!request_.arguments.has_value()) return absl::OkStatus();
    SYSCARVE_ASSIGN_OR_RETURN(proof_.arguments, refusals.ProveArguments(*request_.arguments, dispensable));
    return absl::OkStatus();
  }

  absl::Status WatchCalls() {
    SYSCARVE_ASSIGN_OR_RETURN(const ProofRun run,
                              RunOnce({}, /*every_call=*/true, kWatchedFactor * trials_.LimitOfRun()));
    if (const std::optional<std::string> difference = trials_.reference().Difference(run, kWithheld)) {
      proof_.unproven =
          Concat("with every call watched, which takes longer, the command goes otherwise: ", *difference);
    }
    return absl::OkStatus();
  }

  const ProveRequest& request_;
  const Command& command_;
  SignalForwarder& signals_;
  RefusalObserver observer_;
  ProofTrials trials_;
  Proof& proof_ = trials_.proof();
  std::set<std::string> calls_;  // Seen in the run that notified every call.
};

}  // namespace

absl::StatusOr<Proof> ProveCommand(const ProveRequest& request, const Command& command, SignalForwarder& signals,
                                   Notes& notes) {
  return CommandProver(request, command, signals, notes).Prove();
}

}  // namespace syscarve
