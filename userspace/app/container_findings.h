// SPDX-License-Identifier: Apache-2.0
// What a service's recording says of its profile: which calls and capabilities of its containers the profile would
// refuse, or has refused. Nothing is run here.
#pragma once

#include <set>
#include <string_view>

#include "userspace/app/service_profiles.h"
#include "userspace/app/verification.h"
#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// What a run is called until `syscarve mark` begins one for a test.
inline constexpr std::string_view kVerifyRunName = "verify";

// What was refused without the profile, too, by service: it is not the profile that would change that.
struct RefusedBefore {
  std::set<ContainerRefusal> refused;
  std::set<ContainerCapability> capabilities;
};

// Of a recording made while the profile was not in force. Adds to `found`, and to `before` what something else refused.
absl::Status FindWouldBeRefused(const ServiceProfile& service, const Recording& recording, VerifiedContainers& found,
                                RefusedBefore& before);

// Of one made while it was.
absl::Status FindRefused(const ServiceProfile& service, const Recording& recording, const RefusedBefore& before,
                         VerifiedContainers& found);

}  // namespace syscarve
