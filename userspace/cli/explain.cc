#include "userspace/report/explain.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/recording_json.h"
#include "userspace/policy/generate.h"
#include "userspace/policy/names.h"

namespace syscarve::cli {
namespace {

constexpr char kAbout[] =
    "Tell why each call is in a profile or a recording.\n\n"
    "Who made it, in which run, when and how often, or which rule or option added it:\n\n"
    "  syscarve explain web.recording.json\n"
    "  syscarve explain web.recording.json openat clone3 mount\n"
    "  syscarve explain web.json --format json";

struct ExplainArguments {
  std::string input;
  std::vector<std::string> names;
  std::string format = "text";
  std::string closure = "safe";
  BaselineArguments baseline;
  bool quiet = false;
};

// Only profiles have this key, and inside a JSON string its quotes would be escaped.
bool LooksLikeProfile(std::string_view text) {
  return text.find("\"defaultAction\"") != std::string_view::npos;
}

absl::StatusOr<std::string> Explain(const ExplainArguments& arguments, std::string_view text) {
  const bool json = arguments.format == "json";
  if (LooksLikeProfile(text)) {
    SYSCARVE_ASSIGN_OR_RETURN(const Profile profile, ParseProfile(text));
    return json ? ExplainJson(profile, arguments.names) : ExplainText(profile, arguments.names);
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ParseRecording(text));
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
  return json ? ExplainJson(made, arguments.names) : ExplainText(made, arguments.names);
}

absl::Status RunExplain(const ExplainArguments& arguments) {
  SYSCARVE_RETURN_IF_ERROR(CheckSyscallNames("explain", arguments.names));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(arguments.input, kMaxRecordingBytes));
  const absl::StatusOr<std::string> explanation = Explain(arguments, text);
  if (!explanation.ok())
    return Annotate(explanation.status(), arguments.input == "-" ? "standard input" : arguments.input);
  return WriteFileAtomically("-", *explanation);
}

}  // namespace

void AddExplain(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "explain", kAbout);
  const auto arguments = std::make_shared<ExplainArguments>();
  verb->add_option("INPUT", arguments->input, "A recording or a profile; - is standard input")->required();
  verb->add_option("NAME", arguments->names, "Only these calls");
  verb->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->add_option("--closure", arguments->closure, "Of a recording: none, safe or portable, as for generate")
      ->check(CLI::IsMember({"none", "safe", "portable"}))
      ->capture_default_str();
  AddBaselineOptions(*verb, arguments->baseline);
  verb->add_flag("-q,--quiet", arguments->quiet, "No warnings on standard error");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunExplain(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
