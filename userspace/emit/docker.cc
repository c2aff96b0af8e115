// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/model/profile_json.h"

namespace syscarve {

absl::StatusOr<Emitted> EmitDocker(const Profile& profile) {
  SYSCARVE_RETURN_IF_ERROR(CheckNoRepeatedArgument(profile, "docker"));
  return Emitted{.text = FormatProfile(profile)};
}

}  // namespace syscarve
