// SPDX-License-Identifier: Apache-2.0
// What a profile that the OCI hook writes allows: what the container was seen to do, and what its runtime needs to
// start it again under that profile.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/baseline_choice.h"

namespace syscarve {

struct HookProfile {
  std::set<std::string> names;
  std::vector<Abi> abis;  // The native one first, then every other that was seen.
  // ENOSYS when a filter that was in force answered calls so: what the container fell back from then, it must be able
  // to fall back from again. Otherwise nullopt.
  std::optional<int> default_errno;
  std::vector<std::string> sources;   // Of the runtime's own calls, for the log.
  std::vector<std::string> warnings;  // Sentences; may hold an adversary's bytes.
};

// What Generate() allows with closure and the baselines that ChooseBaselines() finds for either no_new_privs. Where
// nothing is known, because no filter was in force and nobody has measured this runtime, everything that the runtime
// did since the recording began: more than needed, but the container starts.
//
// kDataLoss for a recording that may lack calls, or that holds none of the container's own.
absl::StatusOr<HookProfile> DecideHookProfile(const Recording& recording, std::span<const KnownBaseline> known,
                                              std::span<const OccasionalCalls> occasional);

}  // namespace syscarve
