// SPDX-License-Identifier: Apache-2.0
// Whether profiles suffice for the containers that a command starts. First the command runs unchanged, its containers
// are recorded, and all that their profiles would refuse is reported. Then it runs with each container created under
// its profile with only the recommended capabilities, and is recorded again, to find what was refused, in which
// service, and whether containers end as before. Runs are made and recorded by recorded_runs.h.
#pragma once

#include <span>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/app/recorded_runs.h"
#include "userspace/app/service_profiles.h"
#include "userspace/app/verification.h"
#include "userspace/base/status.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve {

// REQUIRES: the caller has one thread; `signals` receives the signals. kAborted after a terminating signal,
// kUnavailable if the connection to the engine was lost, kDataLoss if a recording is incomplete; any other error means
// that a run could not be started or observed to its end.
absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, const Command& command,
                                              SignalForwarder& signals, Notes& notes);

// The same with `runs`, which must be made for the same request. Errors of a run are returned unchanged.
absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, RecordedRuns& runs, Notes& notes);

// The judging part of VerifyContainers. `chosen`: the user selected containers, so a profile may have none.
Verification JudgeContainers(std::vector<VerifiedRun> runs, std::span<const ServiceProfile> profiles, bool chosen);

}  // namespace syscarve
