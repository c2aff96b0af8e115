// SPDX-License-Identifier: Apache-2.0
// What recordings show, as far as a profile is made of it: first step of Generate.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/capability.h"
#include "userspace/model/recording.h"
#include "userspace/policy/capabilities.h"
#include "userspace/policy/refusals.h"
#include "userspace/policy/sighting.h"

namespace syscarve {

// What the arguments of a call were, over all runs, by programs of the subject and by container runtimes under the
// container's filter.
struct ArgumentEvidence {
  std::optional<SeenArguments> seen;               // Its programs are Evidence::programs.
  std::map<std::vector<uint64_t>, uint64_t> runs;  // In how many of them these were seen, one subject in one counted.
};

struct Evidence {
  // Calls of the phase "main" that kernels ask filters about, by name; in the order of runs, then subjects, then calls.
  std::map<std::string, std::vector<Sighting>> calls;
  std::map<SyscallId, ArgumentEvidence> arguments;  // Of each call that was made.
  std::vector<Program> programs;                    // Of the recordings joined.
  std::map<SyscallId, uint64_t> unnamed;            // Those without a name: the most that one subject made in a run.
  std::map<std::string, std::vector<Refusal>> refused;  // By DisplayName where there is no name; ordered likewise.
  // Of these, how an engine's own profile answered: Denial::errno_value, by the same names.
  std::map<std::string, std::set<int>> refused_by_engine;
  std::map<int, CapabilityUse> capabilities;            // By capability, summed over runs and subjects.
  std::map<int, CapabilityUse> capabilities_in_failed;  // Of those, in runs whose command HasFailed.
  CapabilityRuns capability_runs;
  std::set<Abi> abis;                  // Of the calls, and the native one.
  bool complete = true;                // Every recording is.
  bool capabilities_recorded = false;  // Any recording could see capability checks.
};

// Gathers it over all recordings, joined as in join.h: neither their order nor their repetition matters. REQUIRES:
// there are some, of one architecture. kInvalidArgument: as SumCounts fails.
absl::StatusOr<Evidence> GatherEvidence(std::span<const Recording> recordings);

}  // namespace syscarve
