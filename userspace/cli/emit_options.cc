// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/emit_options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <string_view>
#include <vector>

namespace syscarve::cli {
namespace {

constexpr std::string_view kFormatHelp =
    "docker: for Docker, Podman, containerd and Kubernetes, with comments; oci: the runtime spec's fields only; names: "
    "the allowed ones, one a line; spo: a SeccompProfile of the Security Profiles Operator; systemd: a drop-in for a "
    "service; minijail (minijail0 -S), minijail-compiler (compile_seccomp_policy.py) and kafel (nsjail): policies for "
    "one architecture; bpf: the filter's instructions (bwrap --seccomp); c: the same as a header";

constexpr std::string_view kAccessHelp =
    "; apparmor: a profile of AppArmor, and selinux: a policy module of SELinux, for the files, sockets and "
    "capabilities "
    "that were used";

}  // namespace

CLI::Option* AddEmitOptions(CLI::App& verb, EmitRequest& request, EmitSource source) {
  const bool of_recordings = source == EmitSource::kRecordings;
  std::vector<std::string> names;
  for (const OutputFormat format : kAllOutputFormats) names.emplace_back(OutputFormatName(format));
  if (of_recordings) {
    for (const OutputFormat format : kAccessFormats) names.emplace_back(OutputFormatName(format));
  }
  CLI::Option* const format = verb.add_option("--format", request.format,
                                              std::string(kFormatHelp) + std::string(of_recordings ? kAccessHelp : ""))
                                  ->check(CLI::IsMember(names));
  verb.add_option(
      "--name", request.name,
      of_recordings
          ? "The profile's name in spo, kafel, c, apparmor and selinux (default: the input's name), with what these "
            "do not allow in names replaced"
          : "The profile's name in spo, kafel and c (default: the input's name), with what these do not allow in "
            "names replaced");
  verb.add_option("--base-profile", request.base_profile,
                  "spo: the SeccompProfile, or oci:// artifact, whose calls the operator adds");
  verb.add_flag("--stricter", request.stricter,
                "Refuse calls whose conditions the format cannot express, with a warning, instead of writing nothing");
  verb.add_flag("--sets", request.sets, "systemd: @sets in place of names, where all of a set is allowed");
  return format;
}

absl::Status CheckNoTerminal(const std::string& output) {
  if (output != "-" || isatty(STDOUT_FILENO) != 1) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError("a filter's bytes are not written to a terminal"), "Use -o FILE.");
}

absl::Status CheckEmitOutput(const EmitRequest& request, const std::string& output) {
  return FormatOf(request) == OutputFormat::kBpf ? CheckNoTerminal(output) : absl::OkStatus();
}

}  // namespace syscarve::cli
