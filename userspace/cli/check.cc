// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/check.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "userspace/app/profile_input.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/policy/check.h"
#include "userspace/policy/merge.h"

namespace syscarve::cli {
namespace {

constexpr char kCheckAbout[] =
    "Check what a profile would refuse of what was recorded.\n\n"
    "Nothing is run; each refused call is named with the program, the run and the count:\n\n"
    "  syscarve check web.recording.json --profile web.json\n"
    "  syscarve check monday/ tuesday/ --profile web.json --format json\n"
    "  syscarve check web.recording.json --profile default.json --caps default,SYS_ADMIN\n\n"
    "Calls that a filter refused while recording are listed with the profile's action for each.\n\n"
    "Exit code 1: something would be refused; of what was refused before, only what would be refused with another\n"
    "action than then, or killed the program.";

struct CheckArguments {
  std::vector<std::string> inputs;
  std::string profile;
  ProfileTargetArguments target;
  std::string format = "text";
  bool allow_incomplete = false;
};

// The exit code, if there was no error.
absl::StatusOr<int> RunCheck(const CheckArguments& arguments) {
  if (arguments.profile == "-") {
    std::vector<std::string> words = arguments.inputs;
    words.push_back(arguments.profile);
    SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(words));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput profile, ReadProfileInput(arguments.profile, target));
  PrintWarnings(profile);
  RecordingMerger merger;
  SYSCARVE_RETURN_IF_ERROR(AddRecordings(arguments.inputs, merger, target.native).status());
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, merger.Result());
  SYSCARVE_ASSIGN_OR_RETURN(const CheckResult result, Check(profile.profile, recording, target.kernel));
  SYSCARVE_RETURN_IF_ERROR(
      WriteFileAtomically("-", arguments.format == "json" ? CheckJson(result) : CheckText(result)));
  // A refusal is certain even if a recording is incomplete; only the result "none" requires complete ones.
  if (result.HasRefusals()) return 1;
  if (!result.complete && !arguments.allow_incomplete) {
    return WithHint(absl::DataLossError("a recording is incomplete: calls may be missing that would be refused"),
                    "Record again, or accept it with --allow-incomplete.");
  }
  if (!result.complete) Warn("a recording is incomplete: calls may be missing that would be refused");
  return 0;
}

}  // namespace

void AddCheck(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "check", kCheckAbout);
  const auto arguments = std::make_shared<CheckArguments>();
  verb->add_option("RECORDING", arguments->inputs,
                   "Recordings (- is standard input), or folders of *.recording.json; all are checked together")
      ->required();
  verb->add_option("--profile", arguments->profile, Concat("The profile: ", kProfileWords))->required();
  AddProfileTargetOptions(*verb, arguments->target);
  verb->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->add_flag("--allow-incomplete", arguments->allow_incomplete,
                 "Accept a recording that is incomplete: calls may be missing in it");
  verb->callback([arguments, &exit_code] {
    const absl::StatusOr<int> result = RunCheck(*arguments);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
