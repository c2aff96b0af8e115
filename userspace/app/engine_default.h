// SPDX-License-Identifier: Apache-2.0
// What a profile may not exceed: nothing, another profile, or what the engine of this host enforces by default.
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
  std::optional<Profile> profile;     // nullopt: there is none.
  std::vector<std::string> warnings;  // Sentences.
};

// The ceiling that was asked for, for any number of profiles.
class CeilingSource {
 public:
  // Reads the profile that `request` names, if it names one.
  static absl::StatusOr<CeilingSource> Load(const CeilingRequest& request, Notes& notes);

  // The ceiling of a profile for these recordings. The engine's default is what the engine of this host enforces when
  // nobody asks for anything else, on containers with the capabilities that these were configured with: read from a
  // container that is started for that, once for each configuration, and not from a copy of somebody's file. It needs
  // the engine, and the right to read a process's filters (process/live_filter.h).
  absl::StatusOr<Ceiling> For(std::span<const Recording> recordings);

 private:
  using Configuration = std::pair<std::vector<std::string>, std::vector<std::string>>;  // cap_add, cap_drop
  absl::StatusOr<Ceiling> AskEngine(const Configuration& configuration) const;

  CeilingRequest request_;
  Ceiling file_;
  std::map<Configuration, Ceiling> known_;
};

}  // namespace syscarve
