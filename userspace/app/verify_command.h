// SPDX-License-Identifier: Apache-2.0
// Whether a profile suffices for a command: the command is run with the profile only reporting, then with it in force.
//
//   VerifyRequest request{.runs = 3};
//   SYSCARVE_ASSIGN_OR_RETURN(const Verification result, VerifyCommand(request, profile, filter, command,
//                                                                      signals, notes));
//   if (!result.Passed()) …
#pragma once

#include <vector>

#include "userspace/app/notes.h"
#include "userspace/app/profile_enforcer.h"
#include "userspace/app/verification.h"
#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve {

// Runs `command` under `filter`, the compiled `profile`, judges the runs, and reports progress to `notes`. REQUIRES: as
// Supervise. kAborted after a terminating signal; any other error means that a run could not be started or observed to
// its end.
absl::StatusOr<Verification> VerifyCommand(const VerifyRequest& request, const Profile& profile,
                                           const EnforcedFilter& filter, const Command& command,
                                           SignalForwarder& signals, Notes& notes);

// The judging part of VerifyCommand.
Verification JudgeRuns(std::vector<VerifiedRun> runs, const EnforcedFilter& filter, const Profile& profile);

// Whether the profile has a rule that refuses the call with ENOSYS, and `action` is that: programs have a fallback.
bool IsRefusedAsMissing(const std::string& name, const Action& action, const Profile& profile);

}  // namespace syscarve
