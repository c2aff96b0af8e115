// SPDX-License-Identifier: Apache-2.0
// Profiles as inputs of jobs: files in every format that can be read, and live filters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_source.h"
#include "userspace/model/profile_target.h"
#include "userspace/seccomp/meaning.h"

namespace syscarve {

// Whether `word` names the filters of a live process.
bool IsLive(std::string_view word);

// The container for which profiles are read, in a user's words.
struct ProfileTargetArguments {
  std::string native;                       // An ABI's name, or an engine's name for one; "" for this host's.
  std::optional<std::string> capabilities;  // "default", "none", "all", or a list.
  std::optional<std::string> kernel;        // "6.1".
};

// The target for `arguments`. Capabilities and kernel are nullopt if not given. kInvalidArgument for an unknown name or
// no kernel version.
absl::StatusOr<ProfileTarget> ProfileTargetOf(const ProfileTargetArguments& arguments);

// `target` with defaults for what is not given: Docker's default capabilities, and this host's kernel.
ProfileTarget CompleteTarget(const ProfileTarget& target);

struct ProfileInput {
  std::string name;  // As the user typed it; "standard input" for "-".
  Profile profile;   // For live filters, a profile of the same meaning or, where none exists, a tighter one.
  std::vector<FilterProgram> live;      // The filters of a live process, newest first; empty for a text.
  std::optional<ProfileSource> source;  // Entries with their places in the text; nullopt for live filters.
  bool is_whole_text = false;           // The text is this profile's JSON, which EditProfile can change.
  std::vector<std::string> warnings;    // Sentences that do not name the input.
};

// FILE or FILE#NAME: a file, and the name of one of the profiles in it, "" for the only one. A word with # that is the
// path of an existing file is that FILE.
struct ProfileWord {
  std::string file;
  std::string name;
};
ProfileWord SplitProfileWord(const std::string& word);

// The profile that `word` names: a file, FILE#NAME for the profile NAME of several in it, - for standard input, or
// live:PID or live:CONTAINER for the filters of a process or of a container's first process. A container is looked up
// in the engine at `engine_socket` or at the usual sockets. Errors name the input.
//
// If an entry depends on a property that `target` leaves open, the kernel is this host's, and the capabilities are
// Docker's default ones, with a warning.
absl::StatusOr<ProfileInput> ReadProfileInput(const std::string& word, const ProfileTarget& target,
                                              const std::optional<std::string>& engine_socket = std::nullopt);

// The profile in `text`, or the one called `which` of several. `name` is the text's name for messages.
absl::StatusOr<ProfileInput> ParseProfileInput(const std::string& name, std::string_view text,
                                               const ProfileTarget& target, std::string_view which = {});

// One of the profiles in a text. `name` is the text's name, followed by # and the profile's own if it has one.
struct FoundInput {
  std::string name;
  absl::StatusOr<ProfileInput> input;  // Errors name it.
};

// All profiles in a text, or the one called `which`. Fails if the text as a whole cannot be read; the error names it.
absl::StatusOr<std::vector<FoundInput>> ParseProfileInputs(const std::string& name, std::string_view text,
                                                           const ProfileTarget& target, std::string_view which = {});

// Adds the input's warnings to `notes`, each prefixed with the input's name.
void PassWarningsOn(const ProfileInput& input, Notes& notes);

// The meaning of the live filters, or of the compiled profile. Includes uretprobe if filters apply to it on the kernel
// of `target` (FiltersUretprobe).
absl::StatusOr<Meaning> MeaningOf(const ProfileInput& input, const ProfileTarget& target);

}  // namespace syscarve
