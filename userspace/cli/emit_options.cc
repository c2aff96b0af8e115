#include "userspace/cli/emit_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/app/recording_inputs.h"
#include "userspace/base/text.h"
#include "userspace/policy/service.h"

namespace syscarve::cli {
namespace {

constexpr std::string_view kFormatHelp =
    "docker: for Docker, Podman, containerd and Kubernetes, with comments; oci: the runtime spec's fields only; names: "
    "the allowed ones, one a line; spo: a SeccompProfile of the Security Profiles Operator; systemd: a drop-in for a "
    "service; minijail (minijail0 -S), minijail-compiler (compile_seccomp_policy.py) and kafel (nsjail): policies for "
    "one architecture; bpf: the filter's instructions (bwrap "
    "--seccomp); c: the same as a header";

// The name without folders and without what it ends in.
std::string StemOf(const std::string& source) {
  if (source == "-") return "profile";
  std::string_view stem = source;
  while (stem.ends_with('/')) stem.remove_suffix(1);
  stem.remove_prefix(stem.rfind('/') + 1);
  if (!ConsumeSuffix(stem, kRecordingSuffix)) stem = stem.substr(0, stem.rfind('.'));
  return stem.empty() ? "profile" : std::string(stem);
}

Coverage CoverageOf(const GeneratedProfile& made, std::span<const Recording> recordings) {
  using Part = std::pair<std::string, std::string>;  // A run's id and a subject's name.
  std::set<Part> all;
  for (const Recording& recording : recordings) {
    for (const Run& run : recording.runs) {
      for (const auto& [subject, trace] : run.subjects) {
        if (!trace.calls.empty()) all.insert({run.id, recording.subjects[subject].name});
      }
    }
  }
  Coverage coverage{.total = all.size()};
  for (const AllowedCall& call : made.calls) {
    std::set<Part> parts;
    size_t rest = 0;
    for (const Sighting& sighting : call.sightings) {
      if (sighting.rest > 0) {
        rest += sighting.rest;
      } else {
        parts.insert({sighting.run_id, sighting.subject});
      }
    }
    if (!parts.empty()) coverage.calls[call.name] = parts.size() + rest;
  }
  return coverage;
}

}  // namespace

CLI::Option* AddEmitOptions(CLI::App& verb, EmitArguments& arguments) {
  std::vector<std::string> names;
  for (const OutputFormat format : kAllOutputFormats) names.emplace_back(OutputFormatName(format));
  CLI::Option* const format =
      verb.add_option("--format", arguments.format, std::string(kFormatHelp))->check(CLI::IsMember(names));
  verb.add_option("--name", arguments.name,
                  "What spo, kafel and c call it (default: the input's name); made into a name that they take");
  verb.add_option("--base-profile", arguments.base_profile,
                  "spo: the SeccompProfile, or oci:// artifact, whose calls the operator adds");
  verb.add_flag("--stricter", arguments.stricter,
                "Refuse calls for which the format cannot say when they are let through, with a warning, instead of "
                "writing nothing");
  verb.add_flag("--sets", arguments.sets, "systemd: @sets in place of names, where all of a set is allowed");
  return format;
}

OutputFormat FormatOf(const EmitArguments& arguments) {
  return OutputFormatFromName(arguments.format).value_or(OutputFormat::kDocker);
}

EmitOptions EmitOptionsOf(const EmitArguments& arguments, const std::string& source, Abi native) {
  EmitOptions options;
  options.name = arguments.name.empty() ? StemOf(source) : arguments.name;
  options.native = native;
  options.stricter = arguments.stricter;
  options.base_profile = arguments.base_profile;
  options.systemd_sets = arguments.sets;
  options.kernel = arguments.kernel;
  return options;
}

absl::StatusOr<Emitted> EmitGenerated(const EmitArguments& arguments, const std::string& source,
                                      const GeneratedProfile& made, std::span<const Recording> recordings) {
  EmitOptions options = EmitOptionsOf(arguments, source, made.native_abi);
  if (FormatOf(arguments) == OutputFormat::kSpo) options.coverage = CoverageOf(made, recordings);
  if (made.capabilities_recorded) options.capabilities = made.cap_add;
  options.no_new_privs = DescribeService(recordings).no_new_privs;
  return Emit(FormatOf(arguments), made.profile, options);
}

absl::Status CheckNoTerminal(const std::string& output) {
  if (output != "-" || isatty(STDOUT_FILENO) != 1) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError("instructions are bytes that a terminal may obey"), "Use -o FILE.");
}

absl::Status CheckEmitOutput(const EmitArguments& arguments, const std::string& output) {
  return FormatOf(arguments) == OutputFormat::kBpf ? CheckNoTerminal(output) : absl::OkStatus();
}

}  // namespace syscarve::cli
