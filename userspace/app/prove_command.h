// SPDX-License-Identifier: Apache-2.0
// Which capabilities and calls a command needs, found by running it without some of them again and again.
//
//   ProveRequest request{.capabilities = true};
//   SYSCARVE_ASSIGN_OR_RETURN(const Proof proof, ProveCommand(request, command, signals, notes));
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>

#include "userspace/app/notes.h"
#include "userspace/app/proof.h"
#include "userspace/base/status.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve {

struct ProveRequest {
  bool capabilities = false;
  bool calls = false;
  // Those that a recording has seen the kernel grant: others are tried only if these do not suffice. nullopt: all that
  // the command would have.
  std::optional<std::set<int>> granted;
  uint32_t runs = 3;  // With nothing taken away, before and after everything else; at least 1.
  std::optional<std::chrono::milliseconds> budget;  // For all runs. What is not tried by then is undecided.
  std::optional<std::chrono::milliseconds> limit;   // For a run; nullopt: ten times the longest usual one, and 5 s.
  std::chrono::milliseconds grace = std::chrono::seconds(5);
};

// REQUIRES: as Supervise. kAborted when a signal asked to end, kPermissionDenied where the command has no capabilities
// that could be taken from it, or we may not; other errors mean that a run could not be made or was not seen to its end.
absl::StatusOr<Proof> ProveCommand(const ProveRequest& request, const Command& command, SignalForwarder& signals,
                                   Notes& notes);

}  // namespace syscarve
