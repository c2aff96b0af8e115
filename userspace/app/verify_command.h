// SPDX-License-Identifier: Apache-2.0
// Whether a profile suffices for a command: it is run with the profile only reporting, and then with it in force.
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

// Runs `command` under `filter`, which is `profile`'s, and judges. Notes tell the progress. REQUIRES: as Supervise.
// kAborted when a signal asked to end; other errors mean that a run could not be made or was not seen to its end.
absl::StatusOr<Verification> VerifyCommand(const VerifyRequest& request, const Profile& profile,
                                           const EnforcedFilter& filter, const Command& command,
                                           SignalForwarder& signals, Notes& notes);

// The part that judges.
Verification JudgeRuns(std::vector<VerifiedRun> runs, const EnforcedFilter& filter, const Profile& profile);

// Whether the profile names the call only to say that there is no such thing: programs are made to do without.
bool IsSaidToBeMissing(const std::string& name, const Action& action, const Profile& profile);

}  // namespace syscarve
