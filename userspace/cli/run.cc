// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/profile_enforcer.h"
#include "userspace/app/profile_input.h"
#include "userspace/app/recording_output.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/output_file.h"
#include "userspace/base/strict_json.h"
#include "userspace/cli/command_words.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/trace/supervisor.h"

namespace syscarve::cli {
namespace {

constexpr char kRunHelp[] =
    "Run a command under a profile and list every call that it refused.\n\n"
    "Each with name, ABI, arguments, program and count. No root is needed:\n\n"
    "  syscarve run --profile web.json -- ./run-my-tests.sh\n"
    "  syscarve run --profile web.json --log --report refused.json -- ./run-my-tests.sh\n\n"
    "The command's exit status is syscarve's. Under sudo the command runs as the user who\n"
    "called sudo, unless --user root is given.";

constexpr char kReportSchema[] = "syscarve.run-report/1";

struct RunFlags {
  std::string profile;
  ProfileTargetArguments target;
  bool log = false;
  std::optional<std::string> report;
  std::optional<std::string> user;
  std::chrono::milliseconds grace = std::chrono::seconds(5);
  bool quiet = false;
  std::vector<std::string> command;
};

void PrintRefused(const FilteredCalls& refused, const FilterProgram& stub, const RunFlags& flags) {
  if (refused.empty()) Note("the profile refused no call");
  for (const auto& [call, refusals] : refused) Note(DescribeRefusal(call, refusals, stub, flags.log));
}

std::string FormatReport(const FilteredCalls& refused, const FilterProgram& stub, const SuperviseOutcome& outcome,
                         int status, const RunFlags& flags) {
  JsonValue::Array command;
  for (const std::string& word : flags.command) command.emplace_back(EncodePercent(word));
  const JsonValue report = JsonValue::Object{
      {"schema", kReportSchema},
      {"profile", EncodePercent(flags.profile)},
      {"command", std::move(command)},
      {"log", flags.log},
      {"status", status},
      {"complete", outcome.complete.ok()},
      {"ended_after_grace", outcome.ended},
      {"refused", FilteredCallsJson(refused, stub, flags.log)},
  };
  return PrintJson(report, /*width=*/0);
}

// Prints how the command ended, and returns the exit code.
int Conclude(const Command& command, const SuperviseOutcome& outcome) {
  if (!outcome.complete.ok()) {
    Fail(Annotate(outcome.complete, "supervising the command had to stop, so it was ended"));
    return kExitSyscarveFailed;
  }
  if (outcome.start_refused) {
    Fail(absl::AbortedError(
        "the profile refuses execve, with which the command itself is started. Hint: Allow execve, as a "
        "container runtime needs it, too; or use --log."));
    return kExitCannotExecute;
  }
  if (outcome.exec_error != 0) {
    const absl::Status failure = ExecFailure(command, outcome.exec_error);
    Fail(failure);
    return ExitCodeForCommandError(failure);
  }
  return outcome.status;
}

int Run(RunFlags flags) {
  const auto fail = [](const absl::Status& status) {
    Fail(status);
    return kExitSyscarveFailed;
  };
  std::optional<OutputFile> report_file;
  if (flags.report.has_value()) {
    absl::StatusOr<OutputFile> opened = OutputFile::Open(*flags.report);
    if (!opened.ok()) return fail(opened.status());
    report_file = *std::move(opened);
  }
  const absl::StatusOr<ProfileInput> profile = ReadProfileForCommand(flags.profile, flags.target);
  if (!profile.ok()) return fail(profile.status());
  if (!flags.quiet) PrintWarnings(*profile);
  const absl::StatusOr<EnforcedFilter> enforced = EnforcedFilterOf(*profile);
  if (!enforced.ok()) return fail(enforced.status());

  flags.command = CommandWords(std::move(flags.command));
  absl::StatusOr<std::optional<Identity>> identity = ResolveIdentity(flags.user);
  if (!identity.ok()) return fail(identity.status());
  const absl::StatusOr<Command> command = ResolveCommand(flags.command, *std::move(identity));
  if (!command.ok()) {
    Fail(command.status());
    return ExitCodeForCommandError(command.status());
  }

  absl::StatusOr<SignalForwarder> signals = SignalForwarder::Create();
  if (!signals.ok()) return fail(signals.status());
  const absl::StatusOr<const ArgumentTable*> table = ShippedArgumentTable();
  if (!table.ok()) return fail(table.status());
  ProfileEnforcer enforcer(enforced->filter, **table, flags.log);
  const absl::StatusOr<SuperviseOutcome> outcome = Supervise(*command, NotifyUnlessAllowed(enforced->filter), enforcer,
                                                             *signals, {.grace = flags.grace, .withhold_ptrace = true});
  if (!outcome.ok()) return fail(outcome.status());

  if (!flags.quiet) {
    PrintRefused(enforcer.refused(), enforced->stub, flags);
    if (outcome->ended > 0) {
      Note("processes that outlived the command and the grace period and were ended: " +
           std::to_string(outcome->ended));
    }
  }
  const int status = Conclude(*command, *outcome);
  if (report_file.has_value()) {
    const std::string report = FormatReport(enforcer.refused(), enforced->stub, *outcome, status, flags);
    LiftFileSizeLimit();
    const WriteOptions options = {.owner = OwnerOfResults(), .stop = StopAtSignal(*signals)};
    if (const absl::Status written = report_file->Write(report, options); !written.ok()) return fail(written);
  }
  return status;
}

}  // namespace

void AddRun(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* verb = AddVerb(app, "run", kRunHelp);
  verb->add_option("-p,--profile", flags->profile, Concat("The profile: ", kProfileWords))->required();
  AddProfileTargetOptions(*verb, flags->target);
  verb->add_flag("--log", flags->log, "Let refused calls through and only report them");
  verb->add_option("--report", flags->report, "Also write the refused calls to this file, as JSON; - is stdout");
  verb->add_option("--user", flags->user, "Run the command as this user: a name, or uid[:gid]");
  AddDuration(*verb, "--grace", flags->grace,
              "How long processes may outlive the command before they are ended: 500ms, 5s, 2m (default 5s)");
  verb->add_flag("-q,--quiet", flags->quiet, "Print errors only");
  verb->add_option("command", flags->command, "The command and its arguments, after --")
      ->type_name("COMMAND")
      ->required();
  verb->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace syscarve::cli
