// SPDX-License-Identifier: Apache-2.0
// Whether profiles suffice for the containers that a command starts. The command is run as it is, its containers
// recorded, and what their profiles would refuse is told; then it is run with each container created under its profile
// and with no more than the recommended capabilities, and recorded again: what was refused, to whom, and whether
// containers end as they did. How a run is made and recorded is in recorded_runs.h.
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

// REQUIRES: the caller has one thread; signals are taken by `signals`. kAborted when a signal asked to end,
// kUnavailable when the engine went away, kDataLoss when a recording is incomplete; other errors mean that a run could
// not be made or was not seen to its end.
absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, const Command& command,
                                              SignalForwarder& signals, Notes& notes);

// The same by these runs, which must be of the same request. What is wrong with a run is returned as it is.
absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, RecordedRuns& runs, Notes& notes);

// The part that judges. `chosen`: the user named the containers that count, so that not every profile has one.
Verification JudgeContainers(std::vector<VerifiedRun> runs, std::span<const ServiceProfile> profiles, bool chosen);

}  // namespace syscarve
