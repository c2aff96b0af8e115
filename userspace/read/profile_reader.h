// SPDX-License-Identifier: Apache-2.0
// The one way from a text of any format to a Profile. The format is recognised by what is in the
// text, never by a file's name (docs/formats.md). Nothing here touches the host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/profile_source.h"
#include "userspace/model/profile_target.h"

namespace syscarve {

struct ProfileReading {
  ProfileSource source;               // With what its author will want to know (profile_note.h).
  std::string format;                 // For people: "Docker or OCI JSON", "SeccompProfile", "Inspektor Gadget".
  std::vector<std::string> warnings;  // Sentences: what of the text is not in the profile.
  ProfileDependencies used;           // What of the target it depended on.
  bool is_whole_text = false;         // The text is this profile's JSON, which EditProfile can change.
};

struct NamedProfile {
  std::string name;  // Its name in the text (profile_documents.h); "" when the text is nothing but this profile.
  absl::StatusOr<ProfileReading> reading;
};

// Reads Docker's and OCI's JSON, also in YAML's spelling, linux.seccomp of OCI's config.json, SeccompProfile objects of
// the Security Profiles Operator (spo.h), Kubernetes lists of these, ConfigMaps with profiles as texts, and what
// Inspektor Gadget prints (gadget.h). kInvalidArgument, naming the place, for anything else, and where an entry depends
// on what `target` does not have.
//
// Of several profiles in the text the one called `name`; without a name, kInvalidArgument that lists them.
absl::StatusOr<ProfileReading> ReadProfileText(std::string_view text, const ProfileTarget& target,
                                               std::string_view name = {});

// All of them, in the order of the text, at least one. An error of one of several is its own.
absl::StatusOr<std::vector<NamedProfile>> ReadProfiles(std::string_view text, const ProfileTarget& target);

// Whether `text`, which may also be a recording, is meant as a profile. A guess, made before anything is parsed whole.
bool LooksLikeProfile(std::string_view text);

}  // namespace syscarve
