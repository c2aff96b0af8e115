// SPDX-License-Identifier: Apache-2.0
// The profiles of services in a folder that `generate` wrote: one file per service, and one for the capabilities that
// each service needs.
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

// The name of a folder's file of capabilities, and its first bytes.
inline constexpr std::string_view kCapabilitiesName = "capabilities.yaml";
inline constexpr std::string_view kCapabilitiesMarker = "# Made by `syscarve generate`";

struct ServiceNeeds {
  std::vector<std::string> add;         // After dropping all.
  std::vector<std::string> not_needed;  // Requested by the container, and proven not to be needed.
  bool operator==(const ServiceNeeds&) const = default;
};
// By the service's title, the name of its profile's file without the extension.
using ServiceCapabilities = std::map<std::string, ServiceNeeds>;
std::string FormatCapabilities(const ServiceCapabilities& services);
// kInvalidArgument unless `text` has the form that FormatCapabilities writes, with names of capabilities.
absl::StatusOr<ServiceCapabilities> ParseCapabilities(std::string_view text);

struct ServiceProfile {
  std::string title;  // "web", of "profiles/web.json".
  std::string file;   // As the user named it.
  Profile profile;
  std::string engine_profile;  // JSON for an engine.
  // To add after dropping all; nullopt if unknown, to leave capabilities unchanged.
  std::optional<std::vector<std::string>> cap_add;
  std::vector<std::string> not_needed;  // See ServiceNeeds.
  // The line in the folder's hardening.json; nullopt if there is none.
  std::optional<ContainerLine> line;
  std::vector<std::string> warnings;  // Sentences that do not name the file.
};

// `words` are folders, files, or SERVICE=FILE for a file not named after its service. A folder stands for each *.json
// that is neither hidden nor one of hardening_files.h. Fails if there is no profile, or more than one for a service.
// Errors name the file.
absl::StatusOr<std::vector<ServiceProfile>> ReadServiceProfiles(std::span<const std::string> words,
                                                                const ProfileTarget& target);

// The possible names, without extension, of the profile's file for a container's service, in the order of preference:
// its Compose project and service ("shop-web"), its service alone; each as FileStem, the form of recordings' names,
// before its own spelling.
std::vector<std::string> ServiceTitles(const Container& container, By by);

// The profile whose title is the most preferred of ServiceTitles; nullptr if none matches.
const ServiceProfile* ProfileFor(const Container& container, By by, std::span<const ServiceProfile> profiles);

}  // namespace syscarve
