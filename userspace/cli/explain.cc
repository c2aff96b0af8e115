// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/explain.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/profile_input.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/baseline_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/profile_source.h"
#include "userspace/model/recording_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/generate.h"
#include "userspace/read/profile_reader.h"
#include "userspace/read/recording_reader.h"
#include "userspace/report/confidence.h"
#include "userspace/report/explain_call.h"
#include "userspace/report/timeline.h"
#include "userspace/review/call_explanation.h"
#include "userspace/review/confidence.h"
#include "userspace/seccomp/compile.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/call_text.h"
#include "userspace/shipped/names.h"

namespace syscarve::cli {
namespace {

constexpr char kExplainAbout[] =
    "Explain why each call is in a profile or a recording.\n\n"
    "Which program made it, in which run, when and how often, or which rule or option added it:\n\n"
    "  syscarve explain web.recording.json\n"
    "  syscarve explain web.recording.json openat clone3 mount\n"
    "  syscarve explain web.recording.json --timeline    # recorded with --events all\n"
    "  syscarve explain web.recording.json --risk        # of many runs: how sure the profile is\n"
    "  syscarve explain web.json --format json\n"
    "  syscarve explain web.json socket 2 0x1\n"
    "  syscarve explain web.json socket AF_VSOCK\n"
    "  syscarve explain web.json personality -1\n"
    "  sudo syscarve explain live:web mount";

struct ExplainArguments {
  std::string input;
  std::vector<std::string> names;  // Names, or one name and the call's arguments.
  std::string abi;
  std::string format = "text";
  std::string closure{ClosureModeName(GenerateOptions().closure)};
  std::string args{ArgumentModeName(GenerateOptions().arguments)};
  ProfileTargetArguments target;
  BaselineRequest baseline;
  bool timeline = false;
  bool risk = false;
  bool quiet = false;
};

std::string ExplainProfile(const ExplainArguments& arguments, const ProfileInput& input) {
  if (!arguments.quiet) PrintWarnings(input);
  return arguments.format == "json" ? ExplainJson(input.profile, arguments.names)
                                    : ExplainText(input.profile, arguments.names);
}

absl::StatusOr<std::string> ExplainRecording(const ExplainArguments& arguments, std::string_view text) {
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  SYSCARVE_ASSIGN_OR_RETURN(const Recording recording, ReadRecordingText(text, target.native));
  if (arguments.timeline) {
    return arguments.format == "json" ? TimelineJson(recording) : TimelineText(recording);
  }
  TerminalNotes notes;
  GenerateOptions options;
  options.allow_incomplete = true;
  options.closure = ClosureModeFromName(arguments.closure).value_or(GenerateOptions().closure);
  options.arguments = ArgumentModeFromName(arguments.args).value_or(GenerateOptions().arguments);
  SYSCARVE_ASSIGN_OR_RETURN(const BaselineSources sources,
                            BaselineSources::Load(arguments.baseline, HasContainers(recording), notes));
  BaselineChoice choice = sources.Choose({&recording, 1});
  options.baselines = std::move(choice.baselines);
  SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate({&recording, 1}, options));
  if (!arguments.quiet) {
    for (const std::string& warning : made.warnings) Warn(warning);
    for (const std::string& warning : RefusalWarnings(made.refused)) Warn(warning);
    for (const std::string& warning : choice.warnings) Warn(warning);
  }
  if (arguments.risk) {
    SYSCARVE_ASSIGN_OR_RETURN(const Confidence sure, JudgeConfidence({&recording, 1}, made, options.closure));
    return arguments.format == "json" ? ConfidenceJson(sure) : ConfidenceText(sure);
  }
  return arguments.format == "json" ? ExplainJson(made, arguments.names) : ExplainText(made, arguments.names);
}

// A call to explain: NAME ARG…
struct AskedCall {
  std::string name;
  std::vector<uint64_t> known;
};

// nullopt if the words are only names of calls.
absl::StatusOr<std::optional<AskedCall>> CallOf(const std::vector<std::string>& words, Abi abi) {
  if (words.size() < 2) return std::nullopt;
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  const std::optional<SyscallId> id = FindSyscall(abi, words.front());
  std::vector<uint64_t> known;
  for (size_t i = 1; i < words.size(); ++i) {
    std::optional<uint64_t> argument = ArgumentFromText(words[i]);
    // Named values such as AF_INET, which depend on the preceding arguments.
    if (!argument.has_value() && id.has_value() && known.size() + 1 == i) {
      argument = ArgumentFromNames(*table, *id, known, words[i]);
    }
    if (argument.has_value()) known.push_back(*argument);
  }
  if (known.empty()) return std::nullopt;
  if (known.size() + 1 != words.size()) {
    return WithHint(
        absl::InvalidArgumentError("explain: names and numbers cannot be mixed"),
        "Give NAME... for several calls, or NAME ARG... for one call with arguments: numbers, or names that "
        "the kernel's headers have for the values of that argument.");
  }
  if (known.size() > Arguments().size()) {
    return absl::InvalidArgumentError(Concat("explain: a call has at most ", Arguments().size(), " arguments"));
  }
  return AskedCall{.name = words.front(), .known = std::move(known)};
}

absl::StatusOr<std::vector<Abi>> AbisToAsk(const ExplainArguments& arguments, const ProfileTarget& target) {
  const std::span<const Abi> served = AbisServedBeside(target.native);
  if (arguments.abi.empty()) return std::vector<Abi>(served.begin(), served.end());
  const std::optional<Abi> abi = AbiFromName(arguments.abi);
  if (!abi.has_value() || std::ranges::find(served, *abi) == served.end()) {
    return absl::InvalidArgumentError(
        Concat("--abi: a kernel for ", AbiName(target.native), " does not serve \"", arguments.abi, "\""));
  }
  return std::vector<Abi>{*abi};
}

absl::StatusOr<std::string> ExplainCall(const ExplainArguments& arguments, const ProfileTarget& target,
                                        const AskedCall& call, const ProfileInput& input) {
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<Abi> abis, AbisToAsk(arguments, target));
  if (!arguments.quiet) PrintWarnings(input);
  std::vector<FilterProgram> stack = input.live;
  const ProfileSource* const source = input.source.has_value() ? &*input.source : nullptr;
  if (stack.empty()) {
    SYSCARVE_ASSIGN_OR_RETURN(FilterProgram program, Compile(input.profile));
    stack.push_back(std::move(program));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<CallExplanation> answers,
                            ExplainCalls(call.name, call.known, abis, stack, source));
  if (answers.empty()) {
    return absl::InvalidArgumentError(Concat("none of the architectures has a call \"", call.name, "\""));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  return arguments.format == "json" ? ExplainCallJson(call.name, call.known, answers, *table)
                                    : ExplainCallText(input.name, call.name, call.known, answers, *table);
}

absl::Status RunExplainCall(const ExplainArguments& arguments, const AskedCall& call) {
  SYSCARVE_RETURN_IF_ERROR(CheckSyscallNames("explain", {call.name}));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  const absl::StatusOr<ProfileInput> input = ReadProfileInput(arguments.input, target);
  if (!input.ok()) {
    return WithHint(input.status(), "A call with arguments is explained under a profile.");
  }
  const absl::StatusOr<std::string> explanation = ExplainCall(arguments, target, call, *input);
  if (!explanation.ok()) return Annotate(explanation.status(), EscapeForTerminal(input->name));
  return WriteFileAtomically("-", *explanation);
}

absl::Status RunExplain(const ExplainArguments& arguments) {
  if (arguments.timeline && arguments.risk)
    return absl::InvalidArgumentError("--timeline and --risk exclude each other");
  const std::string_view of_all = arguments.timeline ? "--timeline" : arguments.risk ? "--risk" : "";
  if (!of_all.empty() && !arguments.names.empty()) {
    return absl::InvalidArgumentError(Concat(of_all, " is about all calls together: it takes no names"));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  const Abi asked = AbiFromName(arguments.abi).value_or(target.native);
  SYSCARVE_ASSIGN_OR_RETURN(const std::optional<AskedCall> call, CallOf(arguments.names, asked));
  if (call.has_value()) return RunExplainCall(arguments, *call);
  if (!arguments.abi.empty()) return absl::InvalidArgumentError("--abi needs a call with arguments");
  SYSCARVE_RETURN_IF_ERROR(CheckSyscallNames("explain", arguments.names));
  absl::Status no_recording = absl::InvalidArgumentError(Concat(of_all, " needs a recording, and this is a profile"));
  if (IsLive(arguments.input)) {
    if (!of_all.empty()) return no_recording;
    SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ReadProfileInput(arguments.input, target));
    return WriteFileAtomically("-", ExplainProfile(arguments, input));
  }
  const ProfileWord word = SplitProfileWord(arguments.input);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(word.file, kMaxRecordingBytes));
  const std::string name = InputName(word.file);
  if (!word.name.empty() || LooksLikeProfile(text)) {
    if (!of_all.empty()) return no_recording;
    SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ParseProfileInput(name, text, target, word.name));
    return WriteFileAtomically("-", ExplainProfile(arguments, input));
  }
  const absl::StatusOr<std::string> explanation = ExplainRecording(arguments, text);
  if (!explanation.ok()) return Annotate(explanation.status(), name);
  return WriteFileAtomically("-", *explanation);
}

}  // namespace

void AddExplain(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "explain", kExplainAbout);
  const auto arguments = std::make_shared<ExplainArguments>();
  verb->add_option("INPUT", arguments->input, Concat("A recording or a profile: ", kProfileWords))->required();
  verb->add_option(
      "NAME", arguments->names,
      "Only these calls; or of a profile one call, and its arguments behind it: numbers or names such as AF_INET");
  verb->add_option("--abi", arguments->abi, "With arguments: only this architecture's call")->type_name("ABI");
  verb->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->add_option("--closure", arguments->closure, "Of a recording: none, safe, steady or portable, as for generate")
      ->check(CLI::IsMember({"none", "safe", "steady", "portable"}))
      ->capture_default_str();
  verb->add_option("--args", arguments->args, "Of a recording: off, safe or all, as for generate")
      ->check(CLI::IsMember({"off", "safe", "all"}))
      ->capture_default_str();
  AddProfileTargetOptions(*verb, arguments->target);
  AddBaselineOptions(*verb, arguments->baseline);
  verb->add_flag("--timeline", arguments->timeline,
                 "Of a recording made with --events all: how many calls were made when, in each run by each subject");
  verb->add_flag(
      "--risk", arguments->risk,
      "Of a recording: from its runs, the chance that the next one is refused a call, how many calls may be missing, "
      "and how sure that is");
  verb->add_flag("-q,--quiet", arguments->quiet, "No warnings on standard error");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunExplain(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
