#include "userspace/cli/profile_input.h"

#include <CLI/CLI.hpp>

#include "userspace/base/concat.h"
#include "userspace/model/profile_json.h"

namespace syscarve::cli {

void AddProfileTargetOptions(CLI::App& verb, ProfileTargetArguments& arguments) {
  verb.add_option("--arch", arguments.native, "The architecture the profile is meant for (default: this host's)")
      ->type_name("ABI");
}

absl::StatusOr<ProfileTarget> ProfileTargetOf(const ProfileTargetArguments& arguments) {
  ProfileTarget target;
  if (arguments.native.empty()) return target;
  const std::optional<Abi> native = AbiFromName(arguments.native);
  if (!native.has_value()) {
    return absl::InvalidArgumentError(Concat("--arch: unknown architecture \"", arguments.native, "\""));
  }
  target.native = *native;
  return target;
}

absl::StatusOr<ProfileInput> ReadProfileInput(const std::string& word, const ProfileTarget&) {
  ProfileInput input{.name = word == "-" ? "standard input" : word};
  SYSCARVE_ASSIGN_OR_RETURN(input.profile, LoadProfile(word));
  return input;
}

absl::StatusOr<Meaning> MeaningOf(const ProfileInput& input, Abi native, ArgumentSets& sets) {
  if (!input.live.empty()) return MeaningOf(std::span<const FilterProgram>(input.live), native, sets);
  absl::StatusOr<Meaning> meaning = MeaningOf(input.profile, native, sets);
  if (!meaning.ok()) return Annotate(meaning.status(), input.name);
  return meaning;
}

}  // namespace syscarve::cli
