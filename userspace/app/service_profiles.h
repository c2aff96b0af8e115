// SPDX-License-Identifier: Apache-2.0
// The profiles of services, as `generate` leaves them in a folder: one file per service, and the capabilities that each
// needs in a file beside them.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/container/naming.h"
#include "userspace/model/container_line.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_target.h"
#include "userspace/model/recording.h"

namespace syscarve {

// What a folder's capabilities are called, and how the file begins.
inline constexpr std::string_view kCapabilitiesName = "capabilities.yaml";
inline constexpr std::string_view kCapabilitiesMarker = "# Made by `syscarve generate`";

struct ServiceNeeds {
  std::vector<std::string> add;         // After dropping all.
  std::vector<std::string> not_needed;  // Granted when they were asked for, and proven not to be needed.
  bool operator==(const ServiceNeeds&) const = default;
};
// By the service's title, as its profile's file is called.
using ServiceCapabilities = std::map<std::string, ServiceNeeds>;
std::string FormatCapabilities(const ServiceCapabilities& services);
// kInvalidArgument for what FormatCapabilities does not write: another shape, or a name of no capability.
absl::StatusOr<ServiceCapabilities> ParseCapabilities(std::string_view text);

struct ServiceProfile {
  std::string title;  // "web", of "profiles/web.json".
  std::string file;   // As the user named it.
  Profile profile;
  std::string engine_profile;  // JSON, as engines take it.
  // To add after dropping all; nullopt: nothing is known, and they are left as they are.
  std::optional<std::vector<std::string>> cap_add;
  std::vector<std::string> not_needed;  // As ServiceNeeds.
  // What `harden` has planned for it, in the folder's hardening.json; nullopt: nothing.
  std::optional<ContainerLine> line;
  std::vector<std::string> warnings;  // Sentences about the file, which do not name it.
};

// `words` are folders, files, or SERVICE=FILE where a file is not called after its service. Of a folder every *.json
// that is neither hidden nor one of hardening_files.h. At least one profile, no two for one service. An error names the
// file.
absl::StatusOr<std::vector<ServiceProfile>> ReadServiceProfiles(std::span<const std::string> words,
                                                                const ProfileTarget& target);

// What the file of a container's service may be called, without its extension; the best first: of its Compose project
// and service ("shop-web"), of its service alone.
std::vector<std::string> ServiceTitles(const Container& container, By by);

// The profile for a container: of its Compose project and service ("shop-web") before that of its service alone. By
// FileStem, as recordings are called. nullptr for none.
const ServiceProfile* ProfileFor(const Container& container, By by, std::span<const ServiceProfile> profiles);

}  // namespace syscarve
