// SPDX-License-Identifier: Apache-2.0
// Finds the capabilities, calls and arguments that a command needs, by delta debugging.
//
//   ProveRequest request{.capabilities = true};
//   SYSCARVE_ASSIGN_OR_RETURN(const Proof proof, ProveCommand(request, command, signals, notes));
#pragma once

#include <optional>
#include <set>

#include "userspace/app/call_refusals.h"
#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/prove/proof.h"
#include "userspace/prove/proof_trials.h"

namespace syscarve {

struct ProveRequest {
  ProofRequest proof;
  bool capabilities = false;
  bool calls = false;
  std::optional<RecordedUse> arguments;  // From a recording of the command; nullopt: not requested.
  // Capabilities that were granted in a recording. All others are removed in one trial, and individually only if that
  // differs. nullopt: no recording.
  std::optional<std::set<int>> granted;
};

// Runs `command` repeatedly and reports progress to `notes`. REQUIRES: as Supervise. kAborted if a signal requested the
// end; kPermissionDenied if capabilities are requested and the command does not run as root, or the caller cannot drop
// them; any other error means that a run could not be started or observed to its end.
absl::StatusOr<Proof> ProveCommand(const ProveRequest& request, const Command& command, SignalForwarder& signals,
                                   Notes& notes);

}  // namespace syscarve
