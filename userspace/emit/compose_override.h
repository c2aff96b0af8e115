// SPDX-License-Identifier: Apache-2.0
// How to run a service under its profile, for Compose: the keys that tighten it, and an override file that adds them to
// a project's own. Compose appends the lists of an override to those of the file before it; nothing is ever taken away.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/container_line.h"
#include "userspace/read/compose_file.h"

namespace syscarve {

// How every override begins.
inline constexpr std::string_view kComposeOverrideMarker = "# Made by `syscarve generate`";

struct Hardening {
  std::string profile;              // The path of the profile's file, as Compose shall read it; "": none.
  bool no_new_privileges = false;   // Known to hold already.
  bool capabilities_known = false;  // Otherwise nothing is said about capabilities.
  std::vector<std::string> cap_add;
  // The rest of the line: all of it but what the fields above say. Devices are left to the project's file, which has
  // them.
  ContainerLine line;
  std::map<std::string, std::string> volumes;  // The name of the volume for each directory of `line` that is one.
};

// The lines of one service, with its name in front, `indent` spaces deep; nullopt when the name or the path cannot be
// written in a Compose file. Compose cuts a security option at ":" and "=", so a path with one is such, and so is a
// directory with ":".
std::optional<std::string> ComposeServiceLines(std::string_view service, const Hardening& hardening, size_t indent);

// The top-level key for the volumes of services, or "".
std::string ComposeVolumes(std::span<const Hardening> services);

// A service of the project that there is a profile for.
struct RecordedService {
  std::string name;   // Adversary's bytes.
  std::string title;  // What to call its recording in a warning.
  Hardening hardening;
};

struct ComposeOverride {
  std::string text;
  std::vector<std::string> warnings;  // Sentences; may hold an adversary's bytes.
};

// The override for `file`, in the order of its services. It says the file's version, because Compose 1 refuses to merge
// files of different ones. For each service it adds no more than the file leaves it: a capability that the file's
// service does not have is left out with a warning, and so is the profile where the file already names another one,
// because Compose's versions disagree about which of two wins. Also warned of: what the file keeps although the
// recording shows no need for it, services without a recording, recordings without a service, and several recordings of
// one service. kNotFound when no recording belongs to a service of the file.
absl::StatusOr<ComposeOverride> EmitComposeOverride(const ComposeFile& file, std::span<const RecordedService> recorded);

}  // namespace syscarve
