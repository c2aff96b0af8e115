// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/merge.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/app/merge_profiles.h"
#include "userspace/app/profile_input.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/engine_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/recording_json.h"

namespace syscarve::cli {
namespace {

constexpr char kMergeAbout[] =
    "Put recordings or profiles together, in one file.\n\n"
    "Of recordings, what was seen in any of them. Order and repetition do not matter; a run that two of them hold is "
    "one run:\n\n"
    "  syscarve merge unit.recording.json e2e.recording.json -o web.recording.json\n"
    "  syscarve merge monday/ tuesday/ -o week.recording.json\n"
    "  syscarve merge nightly/ --squash nightly -o nightly.recording.json   # one run of all\n\n"
    "Of profiles, what any of them lets through (--union) or what all of them do (--intersect), decided by what they "
    "mean and not by their text:\n\n"
    "  syscarve merge web.json worker.json --union -o image.json\n"
    "  syscarve merge web.json docker-default.json --intersect --exact -o capped.json\n"
    "  sudo syscarve merge web.json live:web --intersect -o both.json";

struct MergeArguments {
  std::vector<std::string> inputs;
  std::string output;
  std::optional<std::string> squash;
  bool unite = false;
  bool intersect = false;
  bool exact = false;
  ProfileTargetArguments target;
  std::optional<std::string> engine_socket;
  bool quiet = false;
};

absl::Status HowToMerge(const std::string& profile) {
  return WithHint(absl::InvalidArgumentError(Concat(EscapeForTerminal(profile),
                                                    " is a profile, and profiles can be merged in more than one way")),
                  "Give --union for what any of them lets through, or --intersect for what all do.");
}

// `status`, or an error that profiles need --union or --intersect, if an input is a profile.
absl::Status UnlessProfiles(const absl::Status& status, const std::vector<std::string>& inputs) {
  if (!absl::IsInvalidArgument(status)) return status;
  for (const std::string& input : inputs) {
    if (input == "-" || !ReadProfileInput(input, ProfileTarget{}).ok()) continue;
    return HowToMerge(input);
  }
  return status;
}

absl::Status MergeRecordings(const MergeArguments& arguments) {
  RecordingMerger merger({.squash = arguments.squash});
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  const absl::StatusOr<size_t> count = AddRecordings(arguments.inputs, merger, target.native);
  if (!count.ok()) return UnlessProfiles(count.status(), arguments.inputs);
  SYSCARVE_ASSIGN_OR_RETURN(const Recording merged, merger.Result());
  const absl::StatusOr<std::string> text = FormatWholeRecording(merged);
  if (!text.ok()) {
    const absl::Status too_much = Annotate(text.status(), "what the recordings make together");
    return arguments.squash.has_value() ? too_much : WithHint(too_much, "Make one run of all with --squash NAME.");
  }
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(arguments.output, *text));
  for (const std::string& warning : merger.warnings()) Warn(warning);
  if (!merged.complete()) Warn("a recording is incomplete, and so the result is");
  if (!arguments.quiet) {
    Note(Concat(*count, " recording(s) merged: ", merged.runs.size(), " run(s), ", merged.subjects.size(),
                " subject(s), ", merged.programs.size(), " program(s)"));
  }
  return absl::OkStatus();
}

absl::Status RunMerge(const MergeArguments& arguments) {
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));
  if (!arguments.unite && !arguments.intersect) {
    for (const std::string& word : arguments.inputs) {
      if (IsLive(word)) return HowToMerge(word);
    }
    return MergeRecordings(arguments);
  }
  TerminalNotes notes(arguments.quiet);
  return MergeProfiles({.inputs = arguments.inputs,
                        .how = arguments.unite ? ProfileMerge::kUnion : ProfileMerge::kIntersection,
                        .target = arguments.target,
                        .engine_socket = arguments.engine_socket,
                        .output = arguments.output,
                        .exact = arguments.exact},
                       notes);
}

}  // namespace

void AddMerge(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "merge", kMergeAbout);
  const auto arguments = std::make_shared<MergeArguments>();
  verb->add_option("INPUT", arguments->inputs,
                   Concat("Recordings, or folders of *.recording.json; or profiles: ", kProfileWords))
      ->required();
  verb->add_option("-o,--output", arguments->output, "Where to write the result (- is standard output)")->required();
  CLI::Option* const squash = verb->add_option(
      "--squash", arguments->squash,
      "Recordings: make one run of this name of all, so that the result does not grow with the number of runs");
  CLI::Option* const unite =
      verb->add_flag("--union", arguments->unite, "Profiles: the less restrictive action for each call");
  CLI::Option* const intersect =
      verb->add_flag("--intersect", arguments->intersect, "Profiles: the more restrictive action for each call");
  unite->excludes(intersect)->excludes(squash);
  intersect->excludes(squash);
  verb->add_flag("--exact", arguments->exact,
                 "Profiles: exit 1 and write nothing where one profile cannot express the result exactly");
  AddProfileTargetOptions(*verb, arguments->target);
  AddEngineSocket(*verb, arguments->engine_socket);
  verb->add_flag("-q,--quiet", arguments->quiet, "No summary on standard error; warnings stay");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunMerge(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
