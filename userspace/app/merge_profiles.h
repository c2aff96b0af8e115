// SPDX-License-Identifier: Apache-2.0
// `merge` for profiles: one profile of many, by meaning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/app/profile_input.h"
#include "userspace/base/status.h"

namespace syscarve {

enum class ProfileMerge { kUnion, kIntersection };

struct MergeProfilesRequest {
  std::vector<std::string> inputs;
  ProfileMerge how = ProfileMerge::kUnion;
  ProfileTargetArguments target;
  std::optional<std::string> engine_socket;
  std::string output;
  bool exact = false;
};

// Writes the profile, and warns where it differs from the exact result: it is never less restrictive, and with `exact`
// it does not differ. kAborted: there is no such profile.
absl::Status MergeProfiles(const MergeProfilesRequest& request, Notes& notes);

}  // namespace syscarve
