// Profiles as the verbs are given them: files in every spelling that can be read, and live filters.
#pragma once

#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_target.h"
#include "userspace/policy/argument_sets.h"
#include "userspace/policy/meaning.h"

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// The options that say which container profiles are meant for.
struct ProfileTargetArguments {
  std::string native;  // An ABI's name; "" is this host's.
};

// `arguments` must outlive `verb`.
void AddProfileTargetOptions(CLI::App& verb, ProfileTargetArguments& arguments);
absl::StatusOr<ProfileTarget> ProfileTargetOf(const ProfileTargetArguments& arguments);

struct ProfileInput {
  std::string name;  // As the user said it; "standard input" for "-".
  Profile profile;   // Of live filters, the profile that says the same or, where none can, a stricter one.
  std::vector<FilterProgram> live;    // Not empty: read from a live process, the most recent one first.
  std::vector<std::string> warnings;  // Sentences.
};

// The profile behind `word`: a file, or - for standard input.
absl::StatusOr<ProfileInput> ReadProfileInput(const std::string& word, const ProfileTarget& target);

// What it means: of live filters exactly what they decide, else what the profile's filter does.
absl::StatusOr<Meaning> MeaningOf(const ProfileInput& input, Abi native, ArgumentSets& sets);

}  // namespace syscarve::cli
