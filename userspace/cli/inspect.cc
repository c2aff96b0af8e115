// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/inspect.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "userspace/app/live_target.h"
#include "userspace/app/recording_output.h"
#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/output_file.h"
#include "userspace/base/status.h"
#include "userspace/cli/emit_options.h"
#include "userspace/cli/engine_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/emit/emit.h"
#include "userspace/process/live_filter.h"
#include "userspace/seccomp/decompile.h"

namespace syscarve::cli {
namespace {

constexpr char kInspectAbout[] =
    "Show the seccomp filter that a live process really has.\n\n"
    "Read out of the kernel, all filters of the process together, call by call:\n\n"
    "  sudo syscarve inspect 4711\n"
    "  sudo syscarve inspect web            # a container of Docker or Podman\n"
    "  sudo syscarve inspect container:web --format docker -o in-force.json\n"
    "  sudo syscarve inspect 4711 --format raw -o filter.bpf\n\n"
    "Exit code 1: the process runs under no filter.";

struct InspectArguments {
  std::string target;
  std::optional<std::string> engine_socket;
  std::string output = "-";
  std::string format = "text";
  bool quiet = false;
};

absl::Status RunInspect(const InspectArguments& arguments) {
  if (arguments.output != "-") SYSCARVE_RETURN_IF_ERROR(CheckWritable(arguments.output));
  if (arguments.format == "raw" || arguments.format == OutputFormatName(OutputFormat::kBpf)) {
    SYSCARVE_RETURN_IF_ERROR(CheckNoTerminal(arguments.output));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const pid_t pid, ResolveLiveTarget(arguments.target, arguments.engine_socket));
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<FilterProgram> filters, ReadLiveFilters(pid));

  std::string result;
  std::vector<std::string> warnings;
  if (arguments.format == "raw") {
    const FilterProgram& newest = filters.front();
    result.assign(reinterpret_cast<const char*>(newest.data()), newest.size() * sizeof(sock_filter));
    if (filters.size() > 1) {
      warnings.push_back(Concat("process ", pid, " has ", filters.size(),
                                " filters; only the most recently installed one is written"));
    }
  } else if (const auto format = OutputFormatFromName(arguments.format); format.has_value()) {
    SYSCARVE_ASSIGN_OR_RETURN(const DecompiledProfile decompiled,
                              DecompileFilters(filters, NativeAbi(), Bound::kAtMost));
    SYSCARVE_ASSIGN_OR_RETURN(const Emitted emitted,
                              Emit(*format, decompiled.profile, {.name = arguments.target, .stricter = true}));
    result = emitted.text;
    warnings = decompiled.warnings;
    warnings.insert(warnings.end(), emitted.warnings.begin(), emitted.warnings.end());
  } else {
    SYSCARVE_ASSIGN_OR_RETURN(const std::vector<AbiSummary> abis, DescribeFilters(filters, NativeAbi()));
    std::vector<size_t> instructions;
    for (const FilterProgram& filter : filters) instructions.push_back(filter.size());
    result = InspectText(Concat("process ", pid), instructions, abis);
  }
  SYSCARVE_RETURN_IF_ERROR(WriteOutput(arguments.output, result, {.owner = OwnerOfResults()}));
  if (!arguments.quiet) {
    for (const std::string& warning : warnings) Warn(warning);
  }
  return absl::OkStatus();
}

}  // namespace

void AddInspect(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "inspect", kInspectAbout);
  const auto arguments = std::make_shared<InspectArguments>();
  verb->add_option("TARGET", arguments->target,
                   "The process whose filters are read: its id, or a running container's name or id (container:NAME "
                   "where it looks like a number)")
      ->type_name("PID|CONTAINER")
      ->required();
  AddEngineSocket(*verb, arguments->engine_socket);
  std::vector<std::string> formats = {"text", "raw"};
  for (const OutputFormat format : kAllOutputFormats) formats.emplace_back(OutputFormatName(format));
  verb->add_option("--format", arguments->format,
                   "text: a table; raw: the newest filter's BPF instructions; docker: a profile that decides the same, "
                   "or that in any other format of `convert`")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  verb->add_option("-o,--output", arguments->output, "Where to write; - is standard output")->capture_default_str();
  verb->add_flag("-q,--quiet", arguments->quiet, "No warnings on standard error");
  verb->callback([arguments, &exit_code] {
    const absl::Status status = RunInspect(*arguments);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
