// `merge` for profiles: one profile of many, by meaning.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/cli/profile_input.h"

namespace syscarve::cli {

enum class ProfileMerge { kUnion, kIntersection };

struct MergeProfilesArguments {
  std::vector<std::string> inputs;
  ProfileMerge how = ProfileMerge::kUnion;
  ProfileTargetArguments target;
  std::optional<std::string> engine_socket;
  std::string output;
  bool exact = false;
  bool quiet = false;
};

// Writes the profile and prints warnings where it says other than the exact result: never less restrictively, and with
// `exact` not at all. kAborted: no profile can say it.
absl::Status MergeProfiles(const MergeProfilesArguments& arguments);

}  // namespace syscarve::cli
