// SPDX-License-Identifier: Apache-2.0
// Settings for Compose to run a service under its profile: the keys of a service, and an override file that adds them
// to a project's own file. Compose appends the lists of an override to those of the preceding file and removes nothing.
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

// The first bytes of every override.
inline constexpr std::string_view kComposeOverrideMarker = "# Made by `syscarve generate`";

struct Hardening {
  std::string profile;              // The path of the profile's file for Compose; "" for none.
  bool no_new_privileges = false;   // The service is known to run with it.
  bool capabilities_known = false;  // Otherwise capabilities are left out.
  std::vector<std::string> cap_add;
  // The settings of the line other than the fields above. Its devices are ignored: the project's file has them.
  ContainerLine line;
  std::map<std::string, std::string> volumes;  // For each directory of `line` that is a volume, the volume's name.
};

// The YAML of one service, beginning with its name, indented by `indent` spaces. nullopt if the name or a path cannot
// be written in a Compose file: a profile's path with ":" or "=", at which Compose splits security options, or a
// directory with ":".
std::optional<std::string> ComposeServiceLines(std::string_view service, const Hardening& hardening, size_t indent);

// The top-level key for the volumes of services, or "".
std::string ComposeVolumes(std::span<const Hardening> services);

// A service of the project with a profile.
struct RecordedService {
  std::string name;   // Untrusted bytes.
  std::string title;  // The name of its recording in warnings.
  Hardening hardening;
};

struct ComposeOverride {
  std::string text;
  std::vector<std::string> warnings;  // Sentences; may contain untrusted bytes.
};

// The override for `file`, in the order of its services, with the file's version, because Compose 1 refuses to merge
// files of different versions. It never grants a service more than the file does. Left out with a warning: a capability
// that the service does not have in the file, and the profile if the file names another one, because versions of
// Compose differ in which of two takes effect. Other warnings: settings of the file for which the recording shows no
// need, services without a recording, recordings without a service, and several recordings of one service. kNotFound if
// no recording belongs to a service of the file.
absl::StatusOr<ComposeOverride> EmitComposeOverride(const ComposeFile& file, std::span<const RecordedService> recorded);

}  // namespace syscarve
