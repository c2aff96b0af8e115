// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <string>

#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/trace/mark_socket.h"

namespace syscarve::cli {
namespace {

constexpr char kMarkHelp[] =
    "Begin the next run of a recording: one run for each test.\n\n"
    "Inside a command that `syscarve record` runs, which sets SYSCARVE_MARK:\n\n"
    "  syscarve mark login-test && ./login-test.sh\n\n"
    "Every call made before is in the run that ends here; the mark returns when the next\n"
    "has begun. Without a recorder (no SYSCARVE_MARK) it does nothing, so that the same\n"
    "test script works outside a recording; --required makes that an error.\n\n"
    "Exit code 0: the run has begun, or there is no recorder. 2: the name cannot be one.\n"
    "3: the recorder does not respond, or there is none and --required is given.";

absl::Status Mark(const std::string& name, bool required) {
  const char* where = std::getenv(std::string(kMarkVariable).c_str());
  if (where != nullptr && *where != '\0') return SendMark(where, name);
  if (!required) return absl::OkStatus();
  return WithHint(absl::FailedPreconditionError("SYSCARVE_MARK is not set"),
                  "`syscarve record` sets it for the command that it runs.");
}

}  // namespace

void AddMark(CLI::App& app, int& exit_code) {
  CLI::App* const verb = AddVerb(app, "mark", kMarkHelp);
  const auto name = std::make_shared<std::string>();
  const auto required = std::make_shared<bool>(false);
  verb->add_option("NAME", *name, "The run's name, for example the test's: up to 256 bytes, no newline")->required();
  verb->add_flag("--required", *required, "Fail if there is no recorder");
  verb->callback([name, required, &exit_code] {
    const absl::Status status = Mark(*name, *required);
    exit_code = status.ok() ? 0 : Fail(status);
  });
}

}  // namespace syscarve::cli
