// SPDX-License-Identifier: Apache-2.0
// Whether a profile suffices for a command: it is run with the profile only reporting, and then with it in force.
//
//   VerifyRequest request{.runs = 3};
//   SYSCARVE_ASSIGN_OR_RETURN(const Verification result, VerifyCommand(request, profile, filter, command,
//                                                                      signals, notes));
//   if (!result.Passed()) …
//
// The runs that only report tell which calls would be refused, all of them at once, and how the command ends by itself:
// a test that fails now and then does so without the profile, too. Nothing is enforced when there is something to
// report already.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/app/profile_enforcer.h"
#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

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

// One run of the command.
struct VerifiedRun {
  bool enforced = false;
  int status = 0;                     // The command's, as a shell reports it.
  std::chrono::milliseconds took{0};  // With what outlived the command.
  bool over_limit = false;            // It was ended because its time was up.
  uint64_t ended = 0;                 // Processes that outlived the command and the grace period, and were ended.
  FilteredCalls refused;              // What the profile refused, or would have.

  bool Failed() const { return status != 0 || over_limit; }
};

// What speaks against the profile, or against what the runs prove.
enum class VerifyProblemKind {
  kRefused,         // A call was refused, or would have been.
  kFails,           // The command failed under the profile, and never without.
  kFailsAnyway,     // The command failed each time while the profile only reported: nothing is proven.
  kStops,           // Under the profile, processes had to be ended that ended by themselves without it.
  kTakesTooLong,    // A run was over its limit.
  kStartIsRefused,  // The profile refuses the execve that starts the command.
};

struct VerifyProblem {
  VerifyProblemKind kind = VerifyProblemKind::kRefused;
  std::string message;  // A sentence without its full stop.
  std::string fix;      // A sentence; "" where there is nothing in particular to do.
};

struct Verification {
  std::vector<VerifiedRun> runs;  // In their order.
  std::vector<VerifyProblem> problems;
  std::vector<std::string> remarks;  // Sentences without their full stop that speak against nothing.

  bool Passed() const { return problems.empty(); }
};

// Runs `command` under `filter`, which is `profile`'s, and judges. Notes tell the progress. REQUIRES: as Supervise. kAborted when a signal asked to end;
// other errors mean that a run could not be made or was not seen to its end.
absl::StatusOr<Verification> VerifyCommand(const VerifyRequest& request, const Profile& profile,
                                           const EnforcedFilter& filter, const Command& command,
                                           SignalForwarder& signals, Notes& notes);

// The part that judges. `start_refused`: the profile did not let the last run's command start.
Verification JudgeRuns(std::vector<VerifiedRun> runs, const EnforcedFilter& filter, const Profile& profile,
                       bool start_refused);

}  // namespace syscarve
