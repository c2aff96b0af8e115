// SPDX-License-Identifier: Apache-2.0
// The common part of `verify`: for a command under a profile (verify_command.h), and for the containers that a command
// starts, each under its own (verify_containers.h).
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Verification result, RunPhases(request, run_once, judge, notes));
//   if (!result.Passed()) …
//
// The first runs only report: they show all that would be refused at once, and how the command ends without the
// profile, because a flaky test fails then, too. If they find a problem, no run with the profile in force follows.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/app/notes.h"
#include "userspace/app/profile_enforcer.h"
#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

struct VerifyRequest {
  uint32_t runs = 1;  // Per way (only reporting, in force); at least 1.
  // How long processes may outlive the command before they are ended.
  std::chrono::milliseconds grace = std::chrono::seconds(5);
  // The longest time of a run. nullopt: unlimited while only reporting, and in force kLimitFactor times the longest
  // reporting run plus kLimitAddition.
  std::optional<std::chrono::milliseconds> limit;
};
inline constexpr int kLimitFactor = 10;
inline constexpr std::chrono::milliseconds kLimitAddition = std::chrono::seconds(30);

// Calls of a service's containers that its profile refused, or would have refused, in one way.
struct ContainerRefusal {
  std::string service;
  SyscallId call;
  std::string answer;       // "EPERM", "killed" …
  bool by_runtime = false;  // Made by the container runtime, under the filter.
  auto operator<=>(const ContainerRefusal&) const = default;
};
struct ContainerRefusals {
  uint64_t count = 0;
  std::set<std::string> programs;  // ProgramLabel of each.
  std::set<std::string> tests;     // The names of the runs that `syscarve mark` began.
  std::string excuse;              // Why the refusal is harmless; "" if it is not.
  bool joined = false;             // An exec session or a health check was present and may have made the call.
};

// A capability that a service's containers need but are not granted, or were refused.
struct ContainerCapability {
  std::string service;
  int capability = 0;
  auto operator<=>(const ContainerCapability&) const = default;
};

// How one container started and ended, from its engine's events.
struct VerifiedContainer {
  std::string service;
  std::string name;
  std::string id;
  bool confined = false;      // It was created with its service's profile.
  bool running = false;       // It outlived the command.
  std::optional<int> status;  // If it ended.
  // The time from the last signal to its end; a SIGKILL that ends a long stop does not count as a signal.
  std::optional<std::chrono::milliseconds> stop;
};

// The results of a run besides the command's end, if containers are verified.
struct VerifiedContainers {
  std::vector<VerifiedContainer> containers;
  std::map<ContainerRefusal, ContainerRefusals> refused;
  std::map<ContainerCapability, std::string> capabilities;  // With the use that needs them, in words.
  std::vector<std::string> problems;                        // From the relay: what was not confined, and why.
};

// One run of the command.
struct VerifiedRun {
  bool enforced = false;
  int status = 0;                     // The command's, as a shell reports it.
  std::chrono::milliseconds took{0};  // Including processes that outlived the command.
  bool over_limit = false;            // It was ended at its time limit.
  uint64_t ended = 0;                 // Processes that outlived the command and the grace period, and were ended.
  bool start_refused = false;         // The profile did not let the command start.
  FilteredCalls refused;              // The calls that the command's profile refused, or would have refused.
  std::optional<VerifiedContainers> containers;

  bool Failed() const { return status != 0 || over_limit; }
};

// A reason why the profile does not suffice, or why the runs prove nothing.
enum class VerifyProblemKind {
  kRefused,         // A call was refused, or would have been.
  kFails,           // The command failed under the profile: always, or sometimes but never without it.
  kFailsAnyway,     // The command failed each time while the profile only reported: nothing is proven.
  kStops,           // Processes or containers do not stop as they did without the profile.
  kTakesTooLong,    // A run exceeded its limit.
  kStartIsRefused,  // The profile refuses the execve that starts the command.
  kCapability,      // A capability is missing.
  kNeverStarted,    // No container of a profile's service was started.
  kNotConfined,     // A container ran without its service's profile.
  kLeftRunning,     // The command left a container running, so its stop was not seen.
};

struct VerifyProblem {
  VerifyProblemKind kind = VerifyProblemKind::kRefused;
  std::string message;  // A sentence without its full stop.
  std::string fix;      // A sentence, or "".
  std::string service;  // The service of the profile; "" if there is only one profile, or no particular one.
};

struct Verification {
  std::vector<VerifiedRun> runs;  // In their order.
  std::vector<VerifyProblem> problems;
  std::vector<std::string> remarks;  // Sentences without their full stop; not problems.

  bool Passed() const { return problems.empty(); }
  bool Has(VerifyProblemKind kind) const;
  void Add(VerifyProblemKind kind, std::string message, std::string fix, std::string service = {}) {
    problems.push_back({kind, std::move(message), std::move(fix), std::move(service)});
  }
  std::vector<const VerifiedRun*> RunsOf(bool enforced) const;
};

// "exit status 3", "signal 9", for a status as a shell reports it.
std::string StatusWords(int status);
// "0.3 s"
std::string SecondsWords(std::chrono::milliseconds duration);

// Judge how the command ended and how long it ran. REQUIRES: refusals were judged before.
void JudgeEndings(Verification& result);
void JudgeTimes(Verification& result);

// Makes the runs of both phases, judges them, and reports progress to `notes`. Fails as `run_once` does, if a run could
// not be started or observed to its end.
using RunOnce =
    absl::FunctionRef<absl::StatusOr<VerifiedRun>(bool enforced, std::optional<std::chrono::milliseconds> limit)>;
using JudgeAll = absl::FunctionRef<Verification(std::vector<VerifiedRun>)>;
absl::StatusOr<Verification> RunPhases(const VerifyRequest& request, RunOnce run_once, JudgeAll judge, Notes& notes);

}  // namespace syscarve
