// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "userspace/app/generate_folder.h"
#include "userspace/app/recording_inputs.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/ceiling_options.h"
#include "userspace/cli/emit_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/policy_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/report/confidence.h"
#include "userspace/report/summary.h"
#include "userspace/review/confidence.h"

namespace syscarve::cli {
namespace {

constexpr char kGenerateAbout[] =
    "Make a profile from recordings: what was seen is allowed, nothing else.\n\n"
    "  syscarve generate web.recording.json -o web.json\n"
    "  syscarve generate unit.json e2e.json --format names\n"
    "  syscarve generate strace.log -o web.json\n"
    "  syscarve generate web.recording.json --format apparmor -o web.apparmor\n"
    "  syscarve generate recordings/ -o profiles/\n"
    "  syscarve generate recordings/ -o profiles/ --compose docker-compose.yml\n"
    "  syscarve generate web.recording.json --closure portable -o web.json    # for x86_64 and aarch64\n"
    "  syscarve generate web.recording.json --with exec,health -o web.json    # a shell may be opened there\n"
    "  syscarve generate web.recording.json --unlisted log -o try.json";

struct GenerateArguments {
  std::vector<std::string> recordings;
  std::string output = "-";
  std::string compose;
  EmitRequest emit = {.format = "docker"};
  BaselineRequest baseline;
  CeilingRequest ceiling;
  PolicyArguments policy;
  bool quiet = false;
};

absl::StatusOr<GenerateOptions> OptionsOf(const GenerateArguments& arguments, Abi native) {
  SYSCARVE_ASSIGN_OR_RETURN(GenerateOptions options, GenerateOptionsOf(arguments.policy, native));
  options.conditions = HasConditions(FormatOf(arguments.emit));
  return options;
}

absl::Status RunOnFiles(const GenerateArguments& arguments, const ProfileTarget& target) {
  SYSCARVE_RETURN_IF_ERROR(CheckStandardInput(arguments.recordings));
  SYSCARVE_RETURN_IF_ERROR(CheckEmitOutput(arguments.emit, arguments.output));
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));

  TerminalNotes notes;
  SYSCARVE_ASSIGN_OR_RETURN(GenerateOptions options, OptionsOf(arguments, target.native));
  SYSCARVE_ASSIGN_OR_RETURN(CeilingSource ceilings, CeilingSource::Load(arguments.ceiling, notes));
  std::vector<Recording> recordings;
  for (const std::string& path : arguments.recordings) {
    SYSCARVE_ASSIGN_OR_RETURN(Recording recording, ReadRecordingInput(path, target.native));
    recordings.push_back(std::move(recording));
  }

  SYSCARVE_ASSIGN_OR_RETURN(
      const BaselineSources sources,
      BaselineSources::Load(arguments.baseline, std::ranges::any_of(recordings, HasContainers), notes));
  BaselineChoice choice = sources.Choose(recordings);
  options.baselines = std::move(choice.baselines);
  SYSCARVE_ASSIGN_OR_RETURN(Ceiling ceiling, ceilings.For(recordings));
  options.ceiling = std::move(ceiling.profile);
  SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate(recordings, options));
  SYSCARVE_ASSIGN_OR_RETURN(const Emitted emitted,
                            EmitGenerated(arguments.emit, arguments.recordings.front(), made, recordings));
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(arguments.output, emitted.text));
  if (IsAccessFormat(FormatOf(arguments.emit))) {
    // The other warnings are about calls, which an access policy does not contain.
    for (const std::string& warning : emitted.warnings) Warn(warning);
    if (arguments.quiet) return absl::OkStatus();
    return WriteAll(STDERR_FILENO, emitted.summary + CapabilitySummary(made), "standard error");
  }
  for (const std::string& warning : made.warnings) Warn(warning);
  for (const std::string& warning : RefusalWarnings(made.refused)) Warn(warning);
  for (const std::string& warning : emitted.warnings) Warn(warning);
  for (const std::string& warning : choice.warnings) Warn(warning);
  for (const std::string& warning : ceiling.warnings) Warn(warning);
  if (arguments.quiet) return absl::OkStatus();
  SYSCARVE_ASSIGN_OR_RETURN(const Confidence sure, JudgeConfidence(recordings, made, options.closure));
  std::string summary = GenerateSummary(made);
  for (const std::string& line : ConfidenceLines(sure)) summary += Concat(EscapeForTerminal(line), "\n");
  return WriteAll(STDERR_FILENO, summary, "standard error");
}

absl::Status RunGenerate(GenerateArguments arguments) {
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.ceiling.target));
  arguments.emit.kernel = target.kernel;
  if (std::ranges::none_of(arguments.recordings, IsFolder)) {
    if (arguments.compose.empty()) return RunOnFiles(arguments, target);
    return WithHint(absl::InvalidArgumentError("--compose needs a folder of recordings, one for each service"),
                    "Record with `syscarve record --docker -o DIR`.");
  }
  if (!std::ranges::all_of(arguments.recordings, IsFolder)) {
    return absl::InvalidArgumentError(
        "recordings, for one profile, and folders, for one profile per service, cannot be mixed");
  }
  TerminalNotes notes;
  SYSCARVE_ASSIGN_OR_RETURN(const GenerateOptions options, OptionsOf(arguments, target.native));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string summary, GenerateFolder({.folders = arguments.recordings,
                                                                       .output = arguments.output,
                                                                       .compose = arguments.compose,
                                                                       .emit = arguments.emit,
                                                                       .options = options,
                                                                       .baseline = arguments.baseline,
                                                                       .ceiling = arguments.ceiling,
                                                                       .native = target.native},
                                                                      notes));
  return arguments.quiet ? absl::OkStatus() : WriteAll(STDERR_FILENO, summary, "standard error");
}

}  // namespace

void AddGenerate(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "generate", kGenerateAbout);
  const auto arguments = std::make_shared<GenerateArguments>();
  verb->add_option("RECORDING", arguments->recordings,
                   "Recordings to make one profile from (- is standard input), also logs of strace -f or of the "
                   "kernel's audit; or folders of *.recording.json to make one profile per service from")
      ->required();
  verb->add_option("-o,--output", arguments->output,
                   "Where to write the profile (- is standard output), or the folder for the profiles and SUMMARY.md")
      ->capture_default_str();
  verb->add_option("--compose", arguments->compose,
                   "With folders: also write docker-compose.override.yml, for the services of this Compose file");
  AddEmitOptions(*verb, arguments->emit, EmitSource::kRecordings)->capture_default_str();
  AddPolicyOptions(*verb, arguments->policy);
  AddBaselineOptions(*verb, arguments->baseline);
  AddCeilingOptions(*verb, arguments->ceiling);
  verb->add_flag("-q,--quiet", arguments->quiet, "No summary on standard error; warnings stay");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunGenerate(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
