// SPDX-License-Identifier: Apache-2.0
// The content of a profile that the OCI hook writes: the calls that the container was seen to make, and those that its
// runtime needs to start it again under that profile.
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
  // ENOSYS if a filter in force returned it: the container must be able to fall back from the same calls again.
  // Otherwise nullopt.
  std::optional<int> default_errno;
  std::vector<std::string> sources;   // The sources of the runtime's own calls, for the log.
  std::vector<std::string> warnings;  // Sentences; untrusted.
};

// The calls that Generate() allows with closure and the baselines that ChooseBaselines() finds for either no_new_privs.
// If there is no baseline, because no filter was in force and this runtime has not been measured, also everything that
// the runtime did since the recording began: more than needed, but the container starts.
//
// kDataLoss if the recording may lack calls, or has none of the container's own.
absl::StatusOr<HookProfile> DecideHookProfile(const Recording& recording, std::span<const KnownBaseline> known,
                                              std::span<const OccasionalCalls> occasional);

}  // namespace syscarve
