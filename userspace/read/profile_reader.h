// SPDX-License-Identifier: Apache-2.0
// The single entry point for reading a text of any format as a Profile. The format is detected from the text, never
// from a file's name (docs/formats.md). Does not access the host.
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
  ProfileSource source;               // Includes the notes for its author (profile_note.h).
  std::string format;                 // For people: "Docker or OCI JSON", "SeccompProfile", "Inspektor Gadget".
  std::vector<std::string> warnings;  // Sentences: parts of the text that are not in the profile.
  ProfileDependencies used;           // The members of the target that it depended on.
  bool is_whole_text = false;         // The text is this profile's JSON, which EditProfile can change.
};

struct NamedProfile {
  std::string name;  // Its name in the text (profile_documents.h); "" if the text is only this profile.
  absl::StatusOr<ProfileReading> reading;
};

// Reads the JSON of Docker and OCI, also as YAML, linux.seccomp of OCI's config.json, SeccompProfile objects of the
// Security Profiles Operator (spo.h), Kubernetes lists of these, ConfigMaps with profiles as texts, and the output of
// Inspektor Gadget (gadget.h). kInvalidArgument, with the place, for anything else, and if an entry depends on
// something unknown in `target`.
//
// Of several profiles in the text, returns the one named `name`; without a name, kInvalidArgument that lists them.
absl::StatusOr<ProfileReading> ReadProfileText(std::string_view text, const ProfileTarget& target,
                                               std::string_view name = {});

// All profiles, in the order of the text, at least one. An error in one of several does not affect the others.
absl::StatusOr<std::vector<NamedProfile>> ReadProfiles(std::string_view text, const ProfileTarget& target);

// Guesses whether `text` is a profile and not a recording, without parsing it whole.
bool LooksLikeProfile(std::string_view text);

}  // namespace syscarve
