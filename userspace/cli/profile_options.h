// SPDX-License-Identifier: Apache-2.0
// The options of the verbs that read profiles.
#pragma once

#include <string>
#include <string_view>

#include "userspace/app/profile_input.h"
#include "userspace/base/status.h"

namespace CLI {
class App;
}  // namespace CLI

namespace syscarve::cli {

// For the help of an option or argument that takes a profile.
inline constexpr std::string_view kProfileWords =
    "a file, FILE#NAME for one of several in it, - for standard input, or live:PID or live:CONTAINER";

// `arguments` must outlive `verb`.
void AddProfileTargetOptions(CLI::App& verb, ProfileTargetArguments& arguments);

// The profile that `word` names, for a command on this host; --arch can only be this host's ABI.
absl::StatusOr<ProfileInput> ReadProfileForCommand(const std::string& word, const ProfileTargetArguments& arguments);

// Prints the input's warnings on standard error.
void PrintWarnings(const ProfileInput& input);

}  // namespace syscarve::cli
