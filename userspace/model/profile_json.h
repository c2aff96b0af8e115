// SPDX-License-Identifier: Apache-2.0
// Profiles as JSON, in the two spellings people keep in files: Docker's (Moby's profiles/seccomp) and the OCI runtime
// spec's linux.seccomp. One reader takes both.
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
// OCI fields, two-space indentation, one name per line, a newline at the end. Same profile, same bytes.
std::string FormatProfile(const Profile& profile);

inline constexpr JsonLimits kProfileLimits = {.bytes = kMaxProfileBytes, .values = size_t{1} << 20, .depth = 16};

// What of the target entries depended on, whether it was told or not.
struct ProfileDependencies {
  bool capabilities = false;
  bool kernel = false;
};

// Reads a profile in either spelling, as an engine resolves it for a container like `target`. What Docker, Podman,
// CRI-O, containerd, runc or crun read is read, and profile_note.h has what only some of them do. kInvalidArgument,
// naming the place, for malformed JSON, unknown actions, operators or architectures, both of an exclusive pair, and
// sizes beyond any real profile; and where an entry depends on what the target does not say.
//
// As Moby has it: an entry is for the target when `includes` holds (its architecture is one of `arches`, it has all
// `caps`, its kernel is at least `minKernel`) and nothing of `excludes` does (its architecture is one of `arches`, it
// has any of `caps`, its kernel is at least `minKernel`); of archMap the native entry counts; and without an action and
// without entries a profile is no filter at all, so it allows everything.
//
// An entry whose argument index repeats becomes one rule per condition, as runc applies it (it turns the entry into
// ORed rules); one that names nothing becomes none. A profile that names no architecture speaks of the native one, as a
// runtime takes it.
absl::StatusOr<Profile> ParseProfile(std::string_view text, const ProfileTarget& target = {},
                                     ProfileDependencies* used = nullptr);

// The tree of a profile's text, or of what a profile is in, as files of others have it: with a byte order mark in front
// or keys that are there twice.
absl::StatusOr<JsonValue> ParseProfileJson(std::string_view text, const JsonLimits& limits);

// As ParseProfile, of a tree.
absl::StatusOr<Profile> ProfileFromJson(JsonValue value, const ProfileTarget& target = {},
                                        ProfileDependencies* used = nullptr);

// As ParseProfile, of a tree that WithKnownFields (profile_fields.h) has made. Adds to `notes`.
absl::StatusOr<Profile> ProfileFromKnownFields(const JsonValue& value, const ProfileTarget& target,
                                               ProfileDependencies* used, std::vector<ProfileNote>& notes);

}  // namespace syscarve
