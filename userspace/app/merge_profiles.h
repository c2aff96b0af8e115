// SPDX-License-Identifier: Apache-2.0
// `merge` for profiles: the union or intersection of their meanings as one profile.
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

// Writes the merged profile. Where no profile expresses the exact result, the written one is tighter, with a warning;
// with `exact` that is kAborted.
absl::Status MergeProfiles(const MergeProfilesRequest& request, Notes& notes);

}  // namespace syscarve
