// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "userspace/app/companions.h"
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
  std::string closure{ClosureModeName(GenerateOptions().closure)};
  std::string args{ArgumentModeName(GenerateOptions().arguments)};
  EmitRequest emit = {.format = "docker"};
  BaselineRequest baseline;
  CeilingRequest ceiling;
  std::string unlisted = "enosys";
  std::vector<std::string> companions;
  std::vector<std::string> allow;
  std::vector<std::string> block;
  bool only_needed = false;
  bool allow_incomplete = false;
  bool quiet = false;
};

absl::StatusOr<GenerateOptions> OptionsOf(const GenerateArguments& arguments, Abi native) {
  GenerateOptions options;
  SYSCARVE_ASSIGN_OR_RETURN(options.companions, LoadCompanions(arguments.companions, native));
  options.closure = ClosureModeFromName(arguments.closure).value_or(GenerateOptions().closure);
  options.arguments = ArgumentModeFromName(arguments.args).value_or(GenerateOptions().arguments);
  options.unlisted = UnlistedModeFromName(arguments.unlisted).value_or(UnlistedMode::kEnosys);
  options.allow = arguments.allow;
  options.block = arguments.block;
  options.only_needed = arguments.only_needed;
  options.allow_incomplete = arguments.allow_incomplete;
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
    // What else was found is of calls, of which such a policy says nothing.
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
  verb->add_option(
          "--closure", arguments->closure,
          "none: only what was seen; safe: add what the same work may need another time, each with its reason; "
          "steady: also calls that can do no more than what was seen, so that other work of the same kind "
          "passes; "
          "portable: as safe, and those of another libc, for x86_64 and aarch64 alike")
      ->check(CLI::IsMember({"none", "safe", "steady", "portable"}))
      ->capture_default_str();
  verb->add_option("--args", arguments->args,
                   "Which calls are allowed for some arguments only. off: none; safe: those where few values have "
                   "power, such as the families of sockets and flags for new namespaces, for what was seen and what is "
                   "like it; all: all whose arguments are recorded, for exactly what was seen")
      ->check(CLI::IsMember({"off", "safe", "all"}))
      ->capture_default_str();
  AddBaselineOptions(*verb, arguments->baseline);
  AddCeilingOptions(*verb, arguments->ceiling);
  verb->add_option(
          "--unlisted", arguments->unlisted,
          "How other calls are answered. enosys: ENOSYS for what a libc may probe and for future calls, EPERM for the "
          "rest; eperm: EPERM also for future calls; kill: the process dies; log: let through and logged")
      ->check(CLI::IsMember({"enosys", "eperm", "kill", "log"}))
      ->capture_default_str();
  verb->add_option("--with", arguments->companions,
                   "Allow what happens in a container beside the service's work, too (repeatable): exec, a shell that "
                   "is opened in it; health, a check of the service; init, tini in front of it; tty, a shell's "
                   "terminal. As shipped, or KIND=RECORDING: as recorded, such as exec=shell.recording.json")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->type_name("KIND[=RECORDING]");
  verb->add_option("--allow", arguments->allow, "Allow this call, too (repeatable)")
      ->allow_extra_args(false)
      ->delimiter(',');
  verb->add_flag("--only-needed", arguments->only_needed,
                 "Leave out the calls that `syscarve prove --into` has proven not to be needed");
  verb->add_option("--block", arguments->block, "Do not allow this call, whatever the reason for it (repeatable)")
      ->allow_extra_args(false)
      ->delimiter(',');
  verb->add_flag("--allow-incomplete", arguments->allow_incomplete,
                 "Accept a recording that is incomplete: calls may be missing in it");
  verb->add_flag("-q,--quiet", arguments->quiet, "No summary on standard error; warnings stay");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunGenerate(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
