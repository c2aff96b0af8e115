// The one way from a text that says what a container may call to a Profile. The format is recognised by what is in the
// text, never by a file's name (docs/formats.md). Nothing here touches the host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/profile_target.h"

namespace syscarve {

struct ProfileReading {
  Profile profile;
  std::string format;                 // For people: "Docker or OCI JSON", "SeccompProfile", "Inspektor Gadget".
  std::vector<std::string> warnings;  // Sentences: what of the text is not in the profile.
  ProfileDependencies used;           // What of the target it depended on.
};

// Reads Docker's and OCI's JSON, also in YAML's spelling, SeccompProfile objects of the Security Profiles Operator
// (spo.h), and what Inspektor Gadget prints (gadget.h). kInvalidArgument, naming the place, for anything else, and
// where an entry depends on what `target` does not say.
absl::StatusOr<ProfileReading> ReadProfileText(std::string_view text, const ProfileTarget& target);

// Whether `text`, which may also be a recording, is meant as a profile. A guess, made before anything is parsed.
bool LooksLikeProfile(std::string_view text);

}  // namespace syscarve
