// A Profile in the spellings that other programs read. One file of this folder per format.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "userspace/model/profile.h"

namespace syscarve {

enum class OutputFormat { kDocker, kOci, kNames };

std::optional<OutputFormat> OutputFormatFromName(std::string_view name);  // "docker", "oci", "names"

// The text of `profile`, with a newline at the end. Same profile, same bytes.
std::string Emit(OutputFormat format, const Profile& profile);

// For `docker run --security-opt seccomp=FILE` and podman: linux.seccomp, and each rule's comment.
std::string EmitDocker(const Profile& profile);

// The runtime specification's linux.seccomp object and no field besides: no comments.
std::string EmitOci(const Profile& profile);

// The names that some rule allows, one per line, sorted. Conditions and other actions have no place in this format.
std::string EmitNames(const Profile& profile);

}  // namespace syscarve
