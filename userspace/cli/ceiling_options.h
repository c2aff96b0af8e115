// The options of `generate` that say what a profile may not exceed.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/profile_input.h"
#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording.h"

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

struct CeilingArguments {
  std::string ceiling = "none";
  std::optional<std::string> engine_socket;
  ProfileTargetArguments target;
};

// `arguments` must outlive `verb`.
void AddCeilingOptions(CLI::App& verb, CeilingArguments& arguments);

struct Ceiling {
  std::optional<Profile> profile;     // nullopt: there is none.
  std::vector<std::string> warnings;  // Sentences.
};

// The ceiling behind the options, for any number of profiles.
class CeilingSource {
 public:
  // Reads the profile that `arguments` name, if they do.
  static absl::StatusOr<CeilingSource> Load(const CeilingArguments& arguments);

  // The ceiling of a profile for these recordings. The engine's default is what the engine of this host enforces when
  // nobody asks for anything else, on containers with the capabilities that these were configured with: read from a
  // container that is started for that, once for each configuration, and not from a copy of somebody's file. It needs
  // the engine, and the right to read a process's filters (process/live_filter.h).
  absl::StatusOr<Ceiling> For(std::span<const Recording> recordings);

 private:
  using Configuration = std::pair<std::vector<std::string>, std::vector<std::string>>;  // cap_add, cap_drop
  absl::StatusOr<Ceiling> AskEngine(const Configuration& configuration) const;

  CeilingArguments arguments_;
  Ceiling file_;
  std::map<Configuration, Ceiling> known_;
};

}  // namespace syscarve::cli
