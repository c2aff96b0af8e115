#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/status.h"
#include "userspace/cli/emit_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_input.h"
#include "userspace/cli/verbs.h"

namespace syscarve::cli {
namespace {

constexpr char kAbout[] =
    "Write a profile in another format.\n\n"
    "  syscarve convert web.json --format spo --base-profile runc-v1.4.2 -o web.yaml\n"
    "  syscarve convert web.json --format systemd -o /etc/systemd/system/web.service.d/calls.conf\n"
    "  syscarve convert web.json --format minijail -o web.policy    # minijail0 -S web.policy\n"
    "  syscarve convert web.json --format kafel -o web.kafel    # nsjail --seccomp_policy web.kafel\n"
    "  bwrap --seccomp 3 3< <(syscarve convert web.json --format bpf) ...\n"
    "  syscarve convert web.json --format c --name web -o web_filter.h\n\n"
    "Nothing is let through that the profile refuses. What a format cannot say is warned of, by name; where it would\n"
    "let more through, nothing is written and the exit code is 2 (--stricter refuses the calls in question instead).";

struct ConvertArguments {
  std::string input;
  std::string output = "-";
  EmitArguments emit;
  ProfileTargetArguments target;
  bool quiet = false;
};

absl::Status RunConvert(const ConvertArguments& arguments) {
  SYSCARVE_RETURN_IF_ERROR(CheckEmitOutput(arguments.emit, arguments.output));
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(arguments.target));
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput input, ReadProfileInput(arguments.input, target));
  EmitOptions options = EmitOptionsOf(arguments.emit, arguments.input, target.native);
  options.kernel = target.kernel;
  const absl::StatusOr<Emitted> emitted = Emit(FormatOf(arguments.emit), input.profile, options);
  if (!emitted.ok()) return Annotate(emitted.status(), input.name);
  SYSCARVE_RETURN_IF_ERROR(WriteFileAtomically(arguments.output, emitted->text));
  if (arguments.quiet) return absl::OkStatus();
  TellWarnings(input);
  for (const std::string& warning : emitted->warnings) Warn(warning);
  return absl::OkStatus();
}

}  // namespace

void AddConvert(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "convert", kAbout);
  const auto arguments = std::make_shared<ConvertArguments>();
  verb->add_option("PROFILE", arguments->input, Concat("The profile: ", kProfileWords))->required();
  AddEmitOptions(*verb, arguments->emit)->required();
  verb->add_option("-o,--output", arguments->output, "Where to write; - is standard output")->capture_default_str();
  AddProfileTargetOptions(*verb, arguments->target);
  verb->add_flag("-q,--quiet", arguments->quiet, "No warnings on standard error");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunConvert(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
