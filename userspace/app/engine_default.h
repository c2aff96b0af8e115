// SPDX-License-Identifier: Apache-2.0
// Ceilings of profiles: none, another profile, or the default profile of this host's engine.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/app/profile_input.h"
#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording.h"

namespace syscarve {

struct CeilingRequest {
  std::string ceiling = "none";              // Or "engine-default", or a profile as ReadProfileInput takes it.
  std::optional<std::string> engine_socket;  // For engine-default and live:CONTAINER.
  ProfileTargetArguments target;
};

// A tar archive (POSIX ustar) of one executable file, as engines import an image.
std::string TarOfOneProgram(std::string_view name, std::string_view bytes);

struct Ceiling {
  std::optional<Profile> profile;     // nullopt: no ceiling.
  std::vector<std::string> warnings;  // Sentences.
};

// The requested ceiling, for any number of profiles.
class CeilingSource {
 public:
  // Reads the profile that `request` names, if any.
  static absl::StatusOr<CeilingSource> Load(const CeilingRequest& request, Notes& notes);

  // The ceiling of a profile made from `recordings`. For engine-default it is the filter that this host's engine
  // enforces by default on a container with the recorded containers' configured capabilities. It is read from a
  // container started for this purpose, once per configuration, rather than from a copy of the engine's profile. That
  // requires the engine, and the right to read a process's filters (process/live_filter.h).
  absl::StatusOr<Ceiling> For(std::span<const Recording> recordings);

 private:
  using Configuration = std::pair<std::vector<std::string>, std::vector<std::string>>;  // cap_add, cap_drop
  absl::StatusOr<Ceiling> AskEngine(const Configuration& configuration) const;

  CeilingRequest request_;
  Ceiling file_;
  std::map<Configuration, Ceiling> known_;
};

}  // namespace syscarve
