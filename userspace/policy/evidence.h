// SPDX-License-Identifier: Apache-2.0
// The content of recordings that a profile is made of: first step of Generate.
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

// The arguments of a call over all runs, by programs of the subject and by container runtimes under the container's
// filter.
struct ArgumentEvidence {
  std::optional<SeenArguments> seen;               // Program ids are indices into Evidence::programs.
  std::map<std::vector<uint64_t>, uint64_t> runs;  // The number of (run, subject) pairs in which values were seen.
};

struct Evidence {
  // Calls of the phase "main" that are not exempt from seccomp, by name; in the order of runs, then subjects, then
  // calls.
  std::map<std::string, std::vector<Sighting>> calls;
  std::map<SyscallId, ArgumentEvidence> arguments;  // For each call that was made.
  std::vector<Program> programs;                    // The programs of the joined recordings.
  std::map<SyscallId, uint64_t> unnamed;  // Calls without a name, with the largest count of one subject in one run.
  std::map<std::string, std::vector<Refusal>> refused;  // By name, or DisplayName if there is none; ordered likewise.
  // The results of `refused` that came from an engine's own profile: Denial::errno_value, by the same names.
  std::map<std::string, std::set<int>> refused_by_engine;
  std::map<int, CapabilityUse> capabilities;            // By capability, summed over runs and subjects.
  std::map<int, CapabilityUse> capabilities_in_failed;  // The part from runs whose command HasFailed.
  CapabilityRuns capability_runs;
  std::set<Abi> abis;                  // The calls' ABIs and the native one.
  bool complete = true;                // Whether every recording is complete.
  bool capabilities_recorded = false;  // Whether any recording observed capability checks.
};

// Gathers the evidence of all recordings, joined as in join.h: neither their order nor their repetition matters.
// REQUIRES: at least one recording; all are of one architecture. kInvalidArgument: as SumCounts.
absl::StatusOr<Evidence> GatherEvidence(std::span<const Recording> recordings);

}  // namespace syscarve
