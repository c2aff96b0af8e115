// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "userspace/app/profile_input.h"
#include "userspace/app/standard_input.h"
#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/emit_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/profile_json.h"

namespace syscarve::cli {
namespace {

constexpr char kConvertAbout[] =
    "Write a profile in another format.\n\n"
    "  syscarve convert web.json --format spo --base-profile runc-v1.4.2 -o web.yaml\n"
    "  syscarve convert web.json --format systemd -o /etc/systemd/system/web.service.d/calls.conf\n"
    "  syscarve convert web.json --format minijail -o web.policy    # minijail0 -S web.policy\n"
    "  syscarve convert web.json --format kafel -o web.kafel    # nsjail --seccomp_policy web.kafel\n"
    "  bwrap --seccomp 3 3< <(syscarve convert web.json --format bpf) ...\n"
    "  syscarve convert web.json --format c --name web -o web_filter.h\n"
    "  syscarve convert profiles.yaml --format docker -o DIR     # every profile in it\n\n"
    "Nothing is let through that the profile refuses. What a format cannot express is named in a warning; where it "
    "would\n"
    "let more through, nothing is written and the exit code is 2 (--stricter refuses the calls in question instead).";

struct ConvertArguments {
  std::string input;
  std::string output = "-";
  EmitRequest emit;
  ProfileTargetArguments target;
  bool quiet = false;
};

absl::Status WriteOne(const ConvertArguments& arguments, const ProfileInput& input, const std::string& source,
                      const std::string& output, const ProfileTarget& target) {
  EmitOptions options = EmitOptionsOf(arguments.emit, source, target.native);
  options.kernel = target.kernel;
  const absl::StatusOr<Emitted> emitted = Emit(FormatOf(arguments.emit), input.profile, options);
  if (!emitted.ok()) return Annotate(emitted.status(), input.name);
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(output, emitted->text));
  if (arguments.quiet) return absl::OkStatus();
  PrintWarnings(input);
  for (const std::string& warning : emitted->warnings) Warn(warning);
  return absl::OkStatus();
}

// A file name for a profile with the name `name`, which is untrusted: without folders, and not hidden.
std::string FileStemOf(std::string_view name) {
  constexpr size_t kMaxStem = 100;
  std::string stem;
  for (const char c : name.substr(0, kMaxStem)) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '_' || (c == '.' && !stem.empty());
    stem += is_plain ? c : '-';
  }
  for (const std::string_view suffix : {".json", ".yaml", ".yml"}) {
    if (stem.size() > suffix.size() && stem.ends_with(suffix)) stem.resize(stem.size() - suffix.size());
  }
  return stem.empty() ? "profile" : stem;
}

// Writes every profile of the input to a file of its own name. One that fails does not prevent the others.
absl::Status RunConvertAll(const ConvertArguments& arguments, const ProfileTarget& target) {
  const ProfileWord word = SplitProfileWord(arguments.input);
  if (IsLive(word.file)) return absl::InvalidArgumentError("-o: live filters are one profile, not a folder of them");
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(word.file, kMaxProfileBytes));
  const std::string name = InputName(word.file);
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<FoundInput> inputs, ParseProfileInputs(name, text, target, word.name));
  const std::string suffix(OutputFormatSuffix(FormatOf(arguments.emit)));
  std::set<std::string> taken;
  absl::Status first;
  for (const FoundInput& found : inputs) {
    const bool is_named = found.name.size() > name.size();
    const std::string own =
        is_named ? found.name.substr(name.size() + 1) : std::filesystem::path(word.file).filename().string();
    std::string stem = FileStemOf(own);
    for (int i = 2; !taken.insert(stem).second; ++i) stem = Concat(FileStemOf(own), "-", i);
    const std::string output = (std::filesystem::path(arguments.output) / (stem + suffix)).string();
    const absl::Status status =
        found.input.ok() ? WriteOne(arguments, *found.input, stem, output, target) : found.input.status();
    if (status.ok()) continue;
    if (first.ok()) {
      first = status;
    } else {
      Warn(std::string(status.message()));
    }
  }
  return first;
}

absl::Status RunConvert(const ConvertArguments& arguments) {
  SYSCARVE_RETURN_IF_ERROR(CheckEmitOutput(arguments.emit, arguments.output));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  if (IsFolder(arguments.output)) return RunConvertAll(arguments, target);
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ReadProfileInput(arguments.input, target));
  return WriteOne(arguments, input, arguments.input, arguments.output, target);
}

}  // namespace

void AddConvert(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "convert", kConvertAbout);
  const auto arguments = std::make_shared<ConvertArguments>();
  verb->add_option("PROFILE", arguments->input, Concat("The profile: ", kProfileWords))->required();
  AddEmitOptions(*verb, arguments->emit)->required();
  verb->add_option("-o,--output", arguments->output,
                   "Where to write; - is standard output; a folder takes all profiles of the input, each by its name")
      ->capture_default_str();
  AddProfileTargetOptions(*verb, arguments->target);
  verb->add_flag("-q,--quiet", arguments->quiet, "No warnings on standard error");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunConvert(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
