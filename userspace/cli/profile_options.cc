// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/profile_options.h"

#include <CLI/CLI.hpp>

#include "userspace/cli/output.h"

namespace syscarve::cli {

void AddProfileTargetOptions(CLI::App& verb, ProfileTargetArguments& arguments) {
  verb.add_option(
          "--arch", arguments.native,
          "The architecture that profiles are meant for, and that of logs that do not name theirs (default: this "
          "host's)")
      ->type_name("ABI");
  verb.add_option(
          "--caps", arguments.capabilities,
          "The container's capabilities, where a profile depends on them: none, all, or a list in which default "
          "stands for Docker's own (default: these, with a warning)")
      ->type_name("LIST");
  verb.add_option("--kernel", arguments.kernel,
                  "The container's kernel, where a profile depends on it (default: this host's)")
      ->type_name("X.Y");
}

absl::StatusOr<ProfileInput> ReadProfileForCommand(const std::string& word, const ProfileTargetArguments& arguments) {
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments));
  if (target.native != NativeAbi()) {
    return absl::InvalidArgumentError("--arch: the command runs on this host, whose architecture its profile is for");
  }
  return ReadProfileInput(word, target);
}

void PrintWarnings(const ProfileInput& input) {
  TerminalNotes notes;
  PassWarningsOn(input, notes);
}

}  // namespace syscarve::cli
