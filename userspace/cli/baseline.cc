// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "userspace/app/baseline_sources.h"
#include "userspace/app/measure_baseline.h"
#include "userspace/base/concat.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"

namespace syscarve::cli {
namespace {

constexpr char kBaselineHelp[] =
    "Measure which calls an OCI runtime itself makes under a container's filter.\n\n"
    "It starts containers that end at once, as root and as another user, with and without\n"
    "no_new_privs, records each start, and writes what the runtime did after it had loaded\n"
    "the filter. `generate` and `hook` find the files where they are written by default:\n\n"
    "  sudo syscarve baseline --runtime runc\n"
    "  sudo syscarve baseline --runtime /usr/bin/crun --runs 20 -o crun.json\n\n"
    "Needs root; nothing is left behind but the files. No image and no engine is needed.";

constexpr unsigned kMaxRuns = 1000;

struct BaselineFlags {
  MeasureBaselineRequest request;
  std::string no_new_privs = "both";
  bool quiet = false;
};

absl::Status RunBaseline(const BaselineFlags& flags) {
  MeasureBaselineRequest request = flags.request;
  if (flags.no_new_privs == "on") request.no_new_privs = {true};
  if (flags.no_new_privs == "off") request.no_new_privs = {false};
  TerminalNotes notes(flags.quiet);
  return MeasureBaseline(request, notes);
}

}  // namespace

void AddBaseline(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "baseline", kBaselineHelp);
  const auto flags = std::make_shared<BaselineFlags>();
  verb->add_option("--runtime", flags->request.runtime, "The OCI runtime: a name, such as runc or crun, or a path")
      ->capture_default_str();
  verb->add_option("-o,--output", flags->request.output,
                   Concat("A file, or a folder for one file per no_new_privs (default: ", kBaselineFolder, ")"));
  verb->add_option("--runs", flags->request.runs,
                   "Starts of each kind: what a runtime's threads do differs from start to start")
      ->check(CLI::Range(1U, kMaxRuns))
      ->capture_default_str();
  verb->add_option("--no-new-privs", flags->no_new_privs, "Measure with it (on), without it (off), or both")
      ->check(CLI::IsMember({"on", "off", "both"}))
      ->capture_default_str();
  verb->add_flag("--unified", flags->request.unified,
                 "Hide cgroup v1 from the runtime, for those that refuse a host with both versions");
  verb->add_flag("-q,--quiet", flags->quiet, "Print errors and warnings only");
  verb->callback([flags, &exit_code] {
    const absl::Status status = RunBaseline(*flags);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
