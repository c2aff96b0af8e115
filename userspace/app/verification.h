// SPDX-License-Identifier: Apache-2.0
// What `verify` does and finds, whatever it verifies: a command under a profile (verify_command.h), or the containers
// that a command starts under theirs (verify_containers.h).
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Verification result, RunPhases(request, run_once, judge, notes));
//   if (!result.Passed()) …
//
// The runs that only report tell what would be refused, all of it at once, and how the command ends by itself: a test
// that fails now and then does so without the profile, too. Nothing is enforced when there is something to report
// already.
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
  uint32_t runs = 1;  // How often each way; at least 1.
  // How long processes may outlive the command before they are ended.
  std::chrono::milliseconds grace = std::chrono::seconds(5);
  // How long a run may take. nullopt: as long as it likes while only reporting, and in force kLimitFactor times the
  // longest of those, and kLimitAddition.
  std::optional<std::chrono::milliseconds> limit;
};
inline constexpr int kLimitFactor = 10;
inline constexpr std::chrono::milliseconds kLimitAddition = std::chrono::seconds(30);

// Calls of a service's containers that its profile refused, or would have: all with the same answer.
struct ContainerRefusal {
  std::string service;
  SyscallId call;
  std::string answer;       // "EPERM", "killed" …
  bool by_runtime = false;  // Made by the container runtime, under the filter.
  auto operator<=>(const ContainerRefusal&) const = default;
};
struct ContainerRefusals {
  uint64_t count = 0;
  std::set<std::string> programs;  // As ProgramLabel.
  std::set<std::string> tests;     // The names of the runs that `syscarve mark` began.
  std::string excuse;              // Why nothing breaks by it; "" for nothing.
  bool joined = false;             // An exec session or a health check was there, which may have made it.
};

// Capabilities that a service's containers need and are not given, or were refused.
struct ContainerCapability {
  std::string service;
  int capability = 0;
  auto operator<=>(const ContainerCapability&) const = default;
};

// How one container went, as its engine tells.
struct VerifiedContainer {
  std::string service;
  std::string name;
  std::string id;
  bool confined = false;      // It was created with its service's profile.
  bool running = false;       // It outlived the command.
  std::optional<int> status;  // Of one that ended.
  // From the last signal that it was sent, other than the SIGKILL that ends a long stop, to its end.
  std::optional<std::chrono::milliseconds> stop;
};

// What there is to say of a run beside the command's end, where containers are verified.
struct VerifiedContainers {
  std::vector<VerifiedContainer> containers;
  std::map<ContainerRefusal, ContainerRefusals> refused;
  std::map<ContainerCapability, std::string> capabilities;  // With what they are needed for, in words.
  std::vector<std::string> problems;                        // Of the relay: what was not confined, and why.
};

// One run of the command.
struct VerifiedRun {
  bool enforced = false;
  int status = 0;                     // The command's, as a shell reports it.
  std::chrono::milliseconds took{0};  // With what outlived the command.
  bool over_limit = false;            // It was ended because its time was up.
  uint64_t ended = 0;                 // Processes that outlived the command and the grace period, and were ended.
  bool start_refused = false;         // The profile did not let the command start.
  FilteredCalls refused;              // What the command's profile refused, or would have.
  std::optional<VerifiedContainers> containers;

  bool Failed() const { return status != 0 || over_limit; }
};

// What speaks against the profile, or against what the runs prove.
enum class VerifyProblemKind {
  kRefused,         // A call was refused, or would have been.
  kFails,           // The command failed under the profile, and never without.
  kFailsAnyway,     // The command failed each time while the profile only reported: nothing is proven.
  kStops,           // What was started does not end as it did without the profile.
  kTakesTooLong,    // A run was over its limit.
  kStartIsRefused,  // The profile refuses the execve that starts the command.
  kCapability,      // A capability is missing.
  kNeverStarted,    // There is a profile for a service of which no container was started.
  kNotConfined,     // A container ran without the profile that is its own.
  kLeftRunning,     // The command left a container running, so that how it stops was not seen.
};

struct VerifyProblem {
  VerifyProblemKind kind = VerifyProblemKind::kRefused;
  std::string message;  // A sentence without its full stop.
  std::string fix;      // A sentence; "" where there is nothing in particular to do.
  std::string service;  // Whose profile it speaks against; "" where there is one profile, or none in particular.
};

struct Verification {
  std::vector<VerifiedRun> runs;  // In their order.
  std::vector<VerifyProblem> problems;
  std::vector<std::string> remarks;  // Sentences without their full stop that speak against nothing.

  bool Passed() const { return problems.empty(); }
  bool Has(VerifyProblemKind kind) const;
  void Add(VerifyProblemKind kind, std::string message, std::string fix, std::string service = {}) {
    problems.push_back({kind, std::move(message), std::move(fix), std::move(service)});
  }
  std::vector<const VerifiedRun*> RunsOf(bool enforced) const;
};

// "exit status 3", "signal 9": of a status as a shell reports it.
std::string StatusWords(int status);
// "0.3 s"
std::string SecondsWords(std::chrono::milliseconds duration);

// What the command's own ends and times say, of runs of any kind. Refusals are judged before.
void JudgeEndings(Verification& result);
void JudgeTimes(Verification& result);

// Runs and judges in both phases. Notes tell the progress. An error is of a run that could not be made or not be seen
// to its end.
using RunOnce =
    absl::FunctionRef<absl::StatusOr<VerifiedRun>(bool enforced, std::optional<std::chrono::milliseconds> limit)>;
using JudgeAll = absl::FunctionRef<Verification(std::vector<VerifiedRun>)>;
absl::StatusOr<Verification> RunPhases(const VerifyRequest& request, RunOnce run_once, JudgeAll judge, Notes& notes);

}  // namespace syscarve
