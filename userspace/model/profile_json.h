// SPDX-License-Identifier: Apache-2.0
// Profiles as JSON, in the two formats found in files: Docker's (Moby's profiles/seccomp) and the OCI runtime spec's
// linux.seccomp. One reader accepts both.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_note.h"
#include "userspace/model/profile_target.h"

namespace syscarve {

inline constexpr size_t kMaxProfileBytes = size_t{16} << 20;

// The profile as a file for `docker run --security-opt seccomp=FILE`, which is also OCI's linux.seccomp object: plain
// OCI fields, two-space indentation, one name per line, a newline at the end. Equal profiles give the same bytes.
std::string FormatProfile(const Profile& profile);

inline constexpr JsonLimits kProfileLimits = {.bytes = kMaxProfileBytes, .values = size_t{1} << 20, .depth = 16};

// The members of the target that entries depended on, whether they were known or not.
struct ProfileDependencies {
  bool capabilities = false;
  bool kernel = false;
};

// Reads a profile in either format, resolved as an engine does for a container like `target`. Accepts what Docker,
// Podman, CRI-O, containerd, runc or crun accepts; profile_note.h lists what only some of them accept.
// kInvalidArgument, with the place, for malformed JSON, unknown actions, operators or architectures, both of an
// exclusive pair, sizes beyond any real profile, and an entry that depends on something unknown in `target`.
//
// As in Moby, an entry applies to the target if `includes` holds (its architecture is one of `arches`, it has all
// `caps`, its kernel is at least `minKernel`) and nothing of `excludes` does (its architecture is one of `arches`, it
// has any of `caps`, its kernel is at least `minKernel`). Of archMap only the native entry counts. A profile without an
// action and without entries is no filter at all, so it allows everything.
//
// An entry in which an argument index repeats becomes one rule per condition, as in runc (which turns it into
// alternative rules); an entry without names becomes no rule. A profile without architectures applies to the native
// one, as in runtimes.
absl::StatusOr<Profile> ParseProfile(std::string_view text, const ProfileTarget& target = {},
                                     ProfileDependencies* used = nullptr);

// Parses the text of a profile, or of a document that contains profiles, with what foreign files may have: a byte order
// mark at the start, repeated keys.
absl::StatusOr<JsonValue> ParseProfileJson(std::string_view text, const JsonLimits& limits);

// As ParseProfile, for a parsed document.
absl::StatusOr<Profile> ProfileFromJson(JsonValue value, const ProfileTarget& target = {},
                                        ProfileDependencies* used = nullptr);

// As ParseProfile, for the result of WithKnownFields (profile_fields.h). Adds to `notes`.
absl::StatusOr<Profile> ProfileFromKnownFields(const JsonValue& value, const ProfileTarget& target,
                                               ProfileDependencies* used, std::vector<ProfileNote>& notes);

}  // namespace syscarve
