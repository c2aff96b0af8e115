#include "userspace/report/explain.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_input.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/generate.h"
#include "userspace/policy/names.h"
#include "userspace/read/profile_reader.h"
#include "userspace/read/recording_reader.h"

namespace syscarve::cli {
namespace {

constexpr char kAbout[] =
    "Tell why each call is in a profile or a recording.\n\n"
    "Who made it, in which run, when and how often, or which rule or option added it:\n\n"
    "  syscarve explain web.recording.json\n"
    "  syscarve explain web.recording.json openat clone3 mount\n"
    "  syscarve explain web.json --format json\n"
    "  sudo syscarve explain live:web mount";

struct ExplainArguments {
  std::string input;
  std::vector<std::string> names;
  std::string format = "text";
  std::string closure = "safe";
  ProfileTargetArguments target;
  BaselineArguments baseline;
  bool quiet = false;
};

std::string ExplainProfile(const ExplainArguments& arguments, const ProfileInput& input) {
  if (!arguments.quiet) TellWarnings(input);
  return arguments.format == "json" ? ExplainJson(input.profile, arguments.names)
                                    : ExplainText(input.profile, arguments.names);
}

absl::StatusOr<std::string> ExplainRecording(const ExplainArguments& arguments, std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingText(text, NativeAbi()));
  GenerateOptions options;
  options.allow_incomplete = true;
  options.closure = ClosureModeFromName(arguments.closure).value_or(ClosureMode::kSafe);
  SYSCARVE_ASSIGN_OR_RETURN(const BaselineSources sources,
                            BaselineSources::Load(arguments.baseline, HasContainers(recording)));
  BaselineChoice choice = sources.Choose({&recording, 1});
  options.baselines = std::move(choice.baselines);
  SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate({&recording, 1}, options));
  if (!arguments.quiet) {
    for (const std::string& warning : made.warnings) Warn(warning);
    for (const std::string& warning : choice.warnings) Warn(warning);
  }
  return arguments.format == "json" ? ExplainJson(made, arguments.names) : ExplainText(made, arguments.names);
}

absl::Status RunExplain(const ExplainArguments& arguments) {
  SYSCARVE_RETURN_IF_ERROR(CheckSyscallNames("explain", arguments.names));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  if (IsLive(arguments.input)) {
    SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ReadProfileInput(arguments.input, target));
    return WriteFileAtomically("-", ExplainProfile(arguments, input));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.input, kMaxRecordingBytes));
  const std::string name = arguments.input == "-" ? "standard input" : arguments.input;
  if (LooksLikeProfile(text)) {
    SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ParseProfileInput(name, text, target));
    return WriteFileAtomically("-", ExplainProfile(arguments, input));
  }
  const absl::StatusOr<std::string> explanation = ExplainRecording(arguments, text);
  if (!explanation.ok()) return Annotate(explanation.status(), name);
  return WriteFileAtomically("-", *explanation);
}

}  // namespace

void AddExplain(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "explain", kAbout);
  const auto arguments = std::make_shared<ExplainArguments>();
  verb->add_option("INPUT", arguments->input, Concat("A recording or a profile: ", kProfileWords))->required();
  verb->add_option("NAME", arguments->names, "Only these calls");
  verb->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->add_option("--closure", arguments->closure, "Of a recording: none, safe or portable, as for generate")
      ->check(CLI::IsMember({"none", "safe", "portable"}))
      ->capture_default_str();
  AddProfileTargetOptions(*verb, arguments->target);
  AddBaselineOptions(*verb, arguments->baseline);
  verb->add_flag("-q,--quiet", arguments->quiet, "No warnings on standard error");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunExplain(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
