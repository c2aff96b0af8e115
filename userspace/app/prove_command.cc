// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/prove_command.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_join.h"
#include "userspace/app/minimize.h"
#include "userspace/app/verification.h"
#include "userspace/base/concat.h"
#include "userspace/model/capability.h"
#include "userspace/model/profile.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/process_state.h"
#include "userspace/seccomp/compile.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

// Added to ten times the longest reference run. Shorter than in `verify`: many programs hang when refused, and every
// such trial takes the full limit.
constexpr milliseconds kTrialAddition = std::chrono::seconds(5);

// How much longer a run may take in which every call is notified.
constexpr int kWatchedFactor = 10;

// Calls that end a process. They are notified, so that its state can be read.
constexpr const char* kEnds[] = {"exit", "exit_group"};
// Calls that are never removed: no program starts, ends or returns from a signal handler without them.
constexpr const char* kIndispensable[] = {"execve",          "exit",         "exit_group",
                                          "restart_syscall", "rt_sigreturn", "sigreturn"};

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

// The ABIs of this machine, ascending.
std::vector<Abi> HostAbis() {
  const std::span<const Abi> served = AbisServedBeside(NativeAbi());
  std::vector<Abi> abis(served.begin(), served.end());
  std::ranges::sort(abis);
  return abis;
}

// Allows every call, but answers `refused` with ENOSYS and notifies the calls that end a process.
absl::StatusOr<FilterProgram> FilterWithout(const std::set<std::string>& refused) {
  Profile profile{.default_action = {ActionKind::kAllow, 0}, .abis = HostAbis()};
  profile.rules.push_back({.names = {std::begin(kEnds), std::end(kEnds)}, .action = {ActionKind::kNotify, 0}});
  if (!refused.empty()) {
    profile.rules.push_back({.names = {refused.begin(), refused.end()}, .action = {ActionKind::kErrno, ENOSYS}});
  }
  return Compile(profile);
}

// What is removed in a run.
struct Without {
  std::set<int> capabilities;
  std::set<std::string> calls;
};

class Prover {
 public:
  Prover(const ProveRequest& request, const Command& command, SignalForwarder& signals, Notes& notes)
      : request_(request), command_(command), signals_(signals), notes_(notes), begin_(Clock::now()) {}

  absl::StatusOr<Proof> Prove() {
    if (request_.capabilities) SYSCARVE_RETURN_IF_ERROR(CheckCapabilities());
    SYSCARVE_RETURN_IF_ERROR(RunReference());
    if (!proof_.unproven.empty()) return std::move(proof_);
    if (request_.capabilities) SYSCARVE_RETURN_IF_ERROR(ProveCapabilities());
    if (request_.calls) SYSCARVE_RETURN_IF_ERROR(ProveCalls());
    SYSCARVE_RETURN_IF_ERROR(ConfirmReference());
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

  bool OutOfTime() const { return request_.budget.has_value() && Clock::now() - begin_ >= *request_.budget; }

  absl::StatusOr<ProofRun> RunOnce(const Without& without, bool every_call, std::optional<milliseconds> limit) {
    Command command = command_;
    command.dropped_capabilities.assign(without.capabilities.begin(), without.capabilities.end());
    std::vector<sock_filter> filter;
    if (every_call) {
      filter = NotifyEveryCall();
    } else {
      SYSCARVE_ASSIGN_OR_RETURN(filter, FilterWithout(without.calls));
    }
    Watcher watcher;
    const Clock::time_point start = Clock::now();
    SYSCARVE_ASSIGN_OR_RETURN(const SuperviseOutcome outcome,
                              Supervise(command, filter, watcher, signals_,
                                        {.grace = request_.grace, .limit = limit, .withhold_ptrace = true}));
    SYSCARVE_RETURN_IF_ERROR(Annotate(outcome.complete, "supervising the command had to stop, so it was ended"));
    if (outcome.asked_to_end) return absl::AbortedError("a signal asked to end before everything was tried");
    if (outcome.exec_error != 0 && without.calls.empty() && without.capabilities.empty()) {
      return ExecFailure(command, outcome.exec_error);
    }
    if (every_call) calls_ = std::move(watcher.calls());
    return ProofRun{.status = outcome.status,
                    .took = std::chrono::duration_cast<milliseconds>(Clock::now() - start),
                    .over_limit = outcome.over_limit,
                    .ended = outcome.ended,
                    .start_refused = outcome.start_refused || outcome.exec_error != 0,
                    .endings = std::move(watcher.endings())};
  }

  absl::Status RunReference() {
    std::vector<ProofRun> runs;
    for (uint32_t number = 1; number <= request_.runs; ++number) {
      SYSCARVE_ASSIGN_OR_RETURN(ProofRun run, RunOnce({}, /*every_call=*/false, request_.limit));
      notes_.Note(Concat("reference run ", number, " of ", request_.runs, ": ",
                         run.over_limit ? "ended, its time was up" : StatusWords(run.status), ", ",
                         SecondsWords(run.took)));
      runs.push_back(std::move(run));
    }
    reference_.emplace(runs);
    proof_.reference = std::move(runs);
    if (reference_->Attempts() == 0) {
      proof_.unproven =
          Concat("the command fails with nothing removed (", StatusWords(proof_.reference.front().status), ")");
    } else if (reference_->failed() > 0) {
      proof_.remarks.push_back(Concat("the command failed ", reference_->failed(), " of ", request_.runs,
                                      " times with nothing removed: what fails is tried up to ", reference_->Attempts(),
                                      " times"));
    }
    return absl::OkStatus();
  }

  milliseconds Limit() const { return request_.limit.value_or(kLimitFactor * reference_->longest() + kTrialAddition); }

  // Runs a trial; returns the difference, or nullopt. `words` name what is removed.
  absl::StatusOr<std::optional<std::string>> Try(const Without& without, const std::string& words) {
    uint64_t set = uint64_t{1} << CAP_SYS_PTRACE;
    for (const int capability : without.capabilities) set |= uint64_t{1} << capability;
    std::optional<std::string> difference;
    for (uint32_t attempt = 1; attempt <= reference_->Attempts(); ++attempt) {
      ++proof_.trials;
      SYSCARVE_ASSIGN_OR_RETURN(const ProofRun run, RunOnce(without, /*every_call=*/false, Limit()));
      difference = reference_->Difference(run, set);
      if (!difference.has_value()) break;
    }
    notes_.Note(Concat("without ", words, ": ", difference.value_or("no difference")));
    return difference;
  }

  // Minimizes `names`. `taken` maps the kept indices to what is removed.
  absl::StatusOr<std::vector<Proven>> Decide(const std::vector<std::string>& names, const char* kind,
                                             absl::FunctionRef<Without(const std::set<size_t>& kept)> taken) {
    std::map<std::set<size_t>, std::string> differences;
    const auto attempt = [&](const std::set<size_t>& kept) -> absl::StatusOr<Trial> {
      if (OutOfTime()) return Trial::kNoTime;
      SYSCARVE_ASSIGN_OR_RETURN(const std::optional<std::string> difference,
                                Try(taken(kept), TakenWords(names, kept, kind)));
      if (!difference.has_value()) return Trial::kPasses;
      differences[kept] = *difference;
      return Trial::kFails;
    };
    SYSCARVE_ASSIGN_OR_RETURN(const Minimized found, Minimize(names.size(), attempt));
    std::vector<Proven> proven;
    for (size_t i = 0; i < names.size(); ++i) {
      Proven one{.name = names[i], .verdict = ProofVerdict::kNotNeeded, .why = ""};
      if (found.needed.contains(i)) {
        std::set<size_t> others = found.kept;
        others.erase(i);
        one.verdict = ProofVerdict::kNeeded;
        one.why = differences.at(others);
      } else if (found.kept.contains(i)) {
        one.verdict = ProofVerdict::kUndecided;
        one.why = "out of time";
      }
      proven.push_back(std::move(one));
    }
    return proven;
  }

  static std::string TakenWords(const std::vector<std::string>& names, const std::set<size_t>& kept, const char* kind) {
    constexpr size_t kMostNamed = 4;
    const size_t taken = names.size() - kept.size();
    if (taken > kMostNamed) {
      return Concat(taken == names.size() ? "all " : "", taken, " ", kind,
                    kept.size() <= kMostNamed && !kept.empty() ? Concat(" but ", NamesWords(names, kept)) : "");
    }
    std::set<size_t> gone;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!kept.contains(i)) gone.insert(i);
    }
    return NamesWords(names, gone);
  }

  static std::string NamesWords(const std::vector<std::string>& names, const std::set<size_t>& some) {
    std::vector<std::string> chosen;
    for (const size_t i : some) chosen.push_back(names[i]);
    return absl::StrJoin(chosen, " ");
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
    Without others;
    for (const int capability : held) {
      (request_.granted->contains(capability) ? granted : others.capabilities).insert(capability);
    }
    if (others.capabilities.empty()) return granted;
    SYSCARVE_ASSIGN_OR_RETURN(
        const std::optional<std::string> difference,
        Try(others, Concat("the ", others.capabilities.size(), " capabilities that the recording has not granted")));
    if (!difference.has_value()) return granted;
    proof_.remarks.push_back(Concat("capabilities that the recording has not granted are needed, too: ", *difference));
    return held;
  }

  absl::Status ProveCapabilities() {
    const std::set<int> held = HeldCapabilities();
    SYSCARVE_ASSIGN_OR_RETURN(const std::set<int> tried, WorthTrying(held));
    const std::vector<int> items(tried.begin(), tried.end());
    std::vector<std::string> names;
    for (const int item : items) names.push_back(CapabilityName(item));
    SYSCARVE_ASSIGN_OR_RETURN(proof_.capabilities, Decide(names, "capabilities", [&](const std::set<size_t>& kept) {
                                Without without{.capabilities = held, .calls = {}};
                                for (const size_t i : kept) without.capabilities.erase(items[i]);
                                return without;
                              }));
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

  absl::Status ProveCalls() {
    SYSCARVE_ASSIGN_OR_RETURN(const ProofRun run, RunOnce({}, /*every_call=*/true, kWatchedFactor * Limit()));
    if (const std::optional<std::string> difference = reference_->Difference(run, uint64_t{1} << CAP_SYS_PTRACE)) {
      proof_.unproven =
          Concat("with every call watched, which takes longer, the command goes otherwise: ", *difference);
      return absl::OkStatus();
    }
    std::vector<std::string> names;
    for (const std::string& name : calls_) {
      if (!IsAmong(kIndispensable, name)) names.push_back(name);
    }
    SYSCARVE_ASSIGN_OR_RETURN(proof_.calls, Decide(names, "calls", [&](const std::set<size_t>& kept) {
                                Without without;
                                for (size_t i = 0; i < names.size(); ++i) {
                                  if (!kept.contains(i)) without.calls.insert(names[i]);
                                }
                                return without;
                              }));
    for (const char* const name : kIndispensable) {
      if (calls_.contains(name)) {
        proof_.calls.push_back({name, ProofVerdict::kNeeded, "no program starts, ends or handles signals without it"});
      }
    }
    std::ranges::sort(proof_.calls, {}, &Proven::name);
    return absl::OkStatus();
  }

  // If the command changed its own preconditions, trials failed for that reason.
  absl::Status ConfirmReference() {
    if (proof_.trials == 0) return absl::OkStatus();
    std::optional<std::string> difference;
    for (uint32_t attempt = 1; attempt <= reference_->Attempts(); ++attempt) {
      SYSCARVE_ASSIGN_OR_RETURN(const ProofRun run, RunOnce({}, /*every_call=*/false, Limit()));
      difference = reference_->Difference(run, uint64_t{1} << CAP_SYS_PTRACE);
      if (!difference.has_value()) return absl::OkStatus();
    }
    proof_.unproven = Concat("with nothing removed the command no longer goes as in the beginning: ", *difference);
    return absl::OkStatus();
  }

  const ProveRequest& request_;
  const Command& command_;
  SignalForwarder& signals_;
  Notes& notes_;
  Clock::time_point begin_;
  std::optional<ReferenceRuns> reference_;
  std::set<std::string> calls_;  // Seen in the run that notified every call.
  Proof proof_;
};

}  // namespace

absl::StatusOr<Proof> ProveCommand(const ProveRequest& request, const Command& command, SignalForwarder& signals,
                                   Notes& notes) {
  return Prover(request, command, signals, notes).Prove();
}

}  // namespace syscarve
