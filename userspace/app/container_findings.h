// SPDX-License-Identifier: Apache-2.0
// Checks a service's profile against a recording of its containers: which calls and capabilities the profile would
// refuse, or has refused. Runs nothing.
#pragma once

#include <set>
#include <string_view>

#include "userspace/app/service_profiles.h"
#include "userspace/app/verification.h"
#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// The name of a run until `syscarve mark` begins one for a test.
inline constexpr std::string_view kVerifyRunName = "verify";

// Refusals that also occur without the profile, and so do not count against it.
struct RefusedBefore {
  std::set<ContainerRefusal> refused;
  std::set<ContainerCapability> capabilities;
};

// `recording` was made without the profile. Adds to `found` what the profile would refuse, and to `before` what was
// refused by something else.
absl::Status FindWouldBeRefused(const ServiceProfile& service, const Recording& recording, VerifiedContainers& found,
                                RefusedBefore& before);

// `recording` was made with the profile in force. Adds to `found` what was refused and is not in `before`.
absl::Status FindRefused(const ServiceProfile& service, const Recording& recording, const RefusedBefore& before,
                         VerifiedContainers& found);

}  // namespace syscarve
