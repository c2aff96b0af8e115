// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/cli/output.h"
#include "userspace/cli/usage_error.h"
#include "userspace/cli/verbs.h"
#include "userspace/seccomp/argument_sets.h"

namespace {

constexpr char kMainAbout[] =
    "syscarve watches what a program asks of the kernel and carves a seccomp profile\n"
    "that allows that and nothing else, with the capabilities it really needed.\n\n"
    "  sudo syscarve record -o web.recording.json -- ./run-my-tests.sh\n"
    "  syscarve generate web.recording.json -o web.json\n"
    "  syscarve run --profile web.json -- ./run-my-tests.sh\n"
    "  docker run --security-opt seccomp=web.json ...\n\n"
    "or, for each container that the tests start:\n\n"
    "  sudo syscarve record --docker -o recordings -- ./run-my-tests.sh\n"
    "  syscarve generate recordings -o profiles\n";

constexpr char kExitCodes[] =
    "Exit codes: 0 done, 1 the answer is no, 2 usage or bad input, 3 the host cannot,\n"
    "4 the recording is incomplete. Verbs that run a command return its own status\n"
    "(128+n for signal n), or 125 when syscarve failed, 126 when the command cannot be\n"
    "executed, 127 when it is not found.";

// In the order of the work, and so of the help.
struct VerbGroup {
  const char* title;
  std::vector<void (*)(CLI::App&, int&)> verbs;
};

const VerbGroup kVerbs[] = {
    {"Record", {syscarve::cli::AddRecord, syscarve::cli::AddMark, syscarve::cli::AddBaseline, syscarve::cli::AddHook}},
    {"Make profiles", {syscarve::cli::AddGenerate, syscarve::cli::AddMerge, syscarve::cli::AddConvert}},
    {"Judge profiles",
     {syscarve::cli::AddCheck, syscarve::cli::AddLint, syscarve::cli::AddDiff, syscarve::cli::AddSubset,
      syscarve::cli::AddExplain, syscarve::cli::AddInspect}},
    {"Judge images and containers", {syscarve::cli::AddScan, syscarve::cli::AddHarden}},
    {"Try", {syscarve::cli::AddRun, syscarve::cli::AddVerify, syscarve::cli::AddProve, syscarve::cli::AddDoctor}},
};

}  // namespace

int main(int argc, char** argv) {
  // A closed pipe (`| head`) shall be a failed write (EPIPE), not a fatal signal.
  std::signal(SIGPIPE, SIG_IGN);
  // Likewise a file that grows beyond `ulimit -f` (EFBIG).
  std::signal(SIGXFSZ, SIG_IGN);

  // For tests: makes conditions too complex without a million nodes. It can only make an analysis fail.
  if (const char* const nodes = std::getenv("SYSCARVE_SET_NODES")) {
    syscarve::ArgumentSets::LimitNodes(std::strtoul(nodes, nullptr, 10));
  }

  const std::string_view called_as = argc > 0 ? argv[0] : "";
  if (called_as.substr(called_as.rfind('/') + 1) == syscarve::cli::kHookProgram) {
    return syscarve::cli::RunHook({argv + 1, argv + argc}, std::string(syscarve::cli::kHookProgram));
  }

  int exit_code = 0;
  CLI::App app(kMainAbout, "syscarve");
  app.footer(kExitCodes);
  app.set_version_flag("--version", "syscarve " SYSCARVE_VERSION);
  app.add_flag_callback("--no-color", syscarve::cli::DisableColor,
                        "No colours, also on a terminal (NO_COLOR does the same)");
  app.require_subcommand(1);
  app.fallthrough(false);
  for (const VerbGroup& group : kVerbs) {
    for (const auto add : group.verbs) {
      add(app, exit_code);
      app.get_subcommands({}).back()->group(group.title);
    }
  }
  syscarve::cli::AddDescribe(app, exit_code);

  if (argc <= 1) {
    std::cout << app.help();
    return 0;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    return syscarve::cli::Fail(syscarve::cli::UsageError(app, error, {argv + 1, argv + argc}));
  }
  return exit_code;
}
