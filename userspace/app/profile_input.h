// SPDX-License-Identifier: Apache-2.0
// Profiles as jobs are given them: files in every spelling that can be read, and live filters.
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

// Whether `word` means the filters of a live process.
bool IsLive(std::string_view word);

// Which container profiles are meant for, in a user's words.
struct ProfileTargetArguments {
  std::string native;                       // An ABI's or an engine's name; "" is this host's.
  std::optional<std::string> capabilities;  // "default", "none", "all", or a list.
  std::optional<std::string> kernel;        // "6.1".
};

// What the words stand for; what was left open stays so, but for the ABI.
absl::StatusOr<ProfileTarget> ProfileTargetOf(const ProfileTargetArguments& arguments);

// `target` with what else may matter: the capabilities that Docker gives by default, and this host's kernel.
ProfileTarget CompleteTarget(const ProfileTarget& target);

struct ProfileInput {
  std::string name;  // As the user said it; "standard input" for "-".
  Profile profile;   // Of live filters, the profile that says the same or, where none can, a stricter one.
  std::vector<FilterProgram> live;      // Not empty: read from a live process, the most recent one first.
  std::optional<ProfileSource> source;  // What was written where; of a text only.
  bool is_whole_text = false;           // The text is this profile's JSON, which EditProfile can change.
  std::vector<std::string> warnings;    // Sentences, which do not name the input.
};

// A word that means a text, and which of the profiles in it; "" for the only one. A file whose own name has a # in it
// is that file.
struct ProfileWord {
  std::string file;
  std::string name;
};
ProfileWord SplitProfileWord(const std::string& word);

// The profile behind `word`: a file, FILE#NAME for the one called NAME of several in it, - for standard input, or
// live:PID or live:CONTAINER for the filters that a process or a container's first process runs under. Of a container
// the engine is asked, at `engine_socket` or where engines usually listen. An error names the input.
//
// Where an entry depends on what `target` does not say, the kernel is this host's, and the capabilities are those that
// Docker gives by default, with a warning.
absl::StatusOr<ProfileInput> ReadProfileInput(const std::string& word, const ProfileTarget& target,
                                              const std::optional<std::string>& engine_socket = std::nullopt);

// The same of a text that has been read already, from what is called `name`; of several profiles in it, `which`.
absl::StatusOr<ProfileInput> ParseProfileInput(const std::string& name, std::string_view text,
                                               const ProfileTarget& target, std::string_view which = {});

// One of the profiles in a text. `name` is the text's, with # and the profile's own behind it when the text has names.
struct FoundInput {
  std::string name;
  absl::StatusOr<ProfileInput> input;  // An error names it.
};

// All profiles in a text, or the one called `which`. The error is of the text as a whole, and names it.
absl::StatusOr<std::vector<FoundInput>> ParseProfileInputs(const std::string& name, std::string_view text,
                                                           const ProfileTarget& target, std::string_view which = {});

// The warnings, with the input's name in front.
void PassWarningsOn(const ProfileInput& input, Notes& notes);

// What it means: of live filters exactly what they decide, else what the profile's filter does. On kernels of which
// `target` says that they ask filters about uretprobe it is among the decisions.
absl::StatusOr<Meaning> MeaningOf(const ProfileInput& input, const ProfileTarget& target);

}  // namespace syscarve
