// Profiles as JSON, in the two spellings people keep in files: Docker's (Moby's profiles/seccomp) and the OCI runtime
// spec's linux.seccomp. One reader takes both.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

inline constexpr size_t kMaxProfileBytes = size_t{16} << 20;

// The profile as a file for `docker run --security-opt seccomp=FILE`, which is also OCI's linux.seccomp object: plain
// OCI fields, two-space indentation, one name per line, a newline at the end. Same profile, same bytes.
std::string FormatProfile(const Profile& profile);

// Reads a profile in either spelling. kInvalidArgument, naming the place, for malformed JSON, unknown fields, actions,
// operators or architectures, both or neither of an exclusive pair, and sizes beyond any real profile. Moby's
// conditional `includes`/`excludes` need a target to be decided against and are refused with a message that says so. An
// entry whose argument index repeats becomes one rule per condition, as runc applies it (it turns the entry into ORed
// rules). A profile that names no architecture speaks of the native one, as a runtime takes it; of Moby's archMap the
// native entry counts.
absl::StatusOr<Profile> ParseProfile(std::string_view text);

absl::StatusOr<Profile> LoadProfile(const std::string& path);  // "-" is standard input.

}  // namespace syscarve
