// SPDX-License-Identifier: Apache-2.0
// Whether profiles suffice for the containers that a command starts. The command is run as it is, its containers
// recorded, and what their profiles would refuse is told; then it is run with each container created under its profile
// and with no more than the recommended capabilities, and recorded again: what was refused, to whom, and whether
// containers end as they did.
//
// The command talks to the engine through a relay (engine_relay.h), and every run is recorded by a process of its own,
// which gives up its privileges for good.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/app/service_profiles.h"
#include "userspace/app/verification.h"
#include "userspace/base/status.h"
#include "userspace/container/naming.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve {

struct VerifyContainersRequest {
  VerifyRequest verify;
  std::vector<ServiceProfile> profiles;
  ContainerFilter filter;  // Containers that it leaves out are neither confined nor looked at.
  By by = By::kService;
  std::optional<std::string> engine_socket;
  std::vector<std::string> cgroup_parents;
  uint32_t max_containers = 1024;
};

// REQUIRES: the caller has one thread; signals are taken by `signals`. kAborted when a signal asked to end,
// kUnavailable when the engine went away, kDataLoss when a recording is incomplete; other errors mean that a run could
// not be made or was not seen to its end.
absl::StatusOr<Verification> VerifyContainers(const VerifyContainersRequest& request, const Command& command,
                                              SignalForwarder& signals, Notes& notes);

// The part that judges. `chosen`: the user named the containers that count, so that not every profile has one.
Verification JudgeContainers(std::vector<VerifiedRun> runs, std::span<const ServiceProfile> profiles, bool chosen);

}  // namespace syscarve
