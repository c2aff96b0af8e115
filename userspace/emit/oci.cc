// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/emit.h"
#include "userspace/emit/losses.h"
#include "userspace/model/profile_json.h"

namespace syscarve {

absl::StatusOr<Emitted> EmitOci(const Profile& profile) {
  SYSCARVE_RETURN_IF_ERROR(CheckNoRepeatedArgument(profile, "oci"));
  // config-linux.md of the runtime specification has no comments, and a strict reader refuses unknown fields.
  Profile plain = profile;
  for (Rule& rule : plain.rules) rule.comment.clear();
  return Emitted{.text = FormatProfile(plain)};
}

}  // namespace syscarve
