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
#include "userspace/app/verify_command.h"
#include "userspace/app/verify_report.h"
#include "userspace/base/concat.h"
#include "userspace/base/output_file.h"
#include "userspace/cli/command_words.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve::cli {
namespace {

constexpr char kHelp[] =
    "Run a command under a profile, and pass only if nothing breaks: a gate for CI.\n\n"
    "First the profile only reports what it would refuse; then it is in force. It passes if no call was refused, the\n"
    "command succeeded, and what it started ended as it does without the profile. No root is needed:\n\n"
    "  syscarve verify --profile web.json -- ./run-my-tests.sh\n"
    "  syscarve verify --profile web.json --runs 5 --report verify.xml --format junit -- ./run-my-tests.sh\n\n"
    "A command that fails now and then does so without the profile, too: with --runs that is measured, and\n"
    "counts for nothing. Exit code 1 says that something would break.";

struct VerifyFlags {
  std::string profile;
  ProfileTargetArguments target;
  VerifyRequest request;
  std::chrono::milliseconds limit{0};
  std::optional<std::string> report;
  std::string format = "json";
  std::optional<std::string> user;
  bool quiet = false;
  std::vector<std::string> command;
};

void PrintVerdict(const Verification& result, bool quiet) {
  if (!quiet) {
    for (const std::string& remark : result.remarks) Note(remark);
  }
  for (const VerifyProblem& problem : result.problems) {
    Note(problem.message);
    if (!problem.fix.empty()) Note(Concat("  ", problem.fix));
  }
  if (!quiet) Note(result.Passed() ? "verified: nothing breaks under this profile" : "not verified");
}

// The exit code, when there was no error.
absl::StatusOr<int> Verify(VerifyFlags flags) {
  std::optional<OutputFile> report_file;
  if (flags.report.has_value()) {
    SYSCARVE_ASSIGN_OR_RETURN(report_file, OutputFile::Open(*flags.report));
  }
  if (flags.limit.count() > 0) flags.request.limit = flags.limit;
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileInput profile, ReadProfileForCommand(flags.profile, flags.target));
  if (!flags.quiet) PrintWarnings(profile);
  SYSCARVE_ASSIGN_OR_RETURN(const EnforcedFilter filter, EnforcedFilterOf(profile));
  flags.command = CommandWords(std::move(flags.command));
  SYSCARVE_ASSIGN_OR_RETURN(std::optional<Identity> identity, ResolveIdentity(flags.user));
  SYSCARVE_ASSIGN_OR_RETURN(const Command command, ResolveCommand(flags.command, std::move(identity)));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());

  TerminalNotes notes(flags.quiet);
  SYSCARVE_ASSIGN_OR_RETURN(const Verification result,
                            VerifyCommand(flags.request, profile.profile, filter, command, signals, notes));
  PrintVerdict(result, flags.quiet);
  if (report_file.has_value()) {
    const VerifiedSubject subject = {flags.profile, flags.command};
    const std::string report =
        flags.format == "junit" ? VerificationJunit(result, subject) : VerificationJson(result, filter, subject);
    LiftFileSizeLimit();
    const WriteOptions options = {.owner = OwnerOfResults(), .stop = StopAtSignal(signals)};
    SYSCARVE_RETURN_IF_ERROR(report_file->Write(report, options));
  }
  return result.Passed() ? 0 : 1;
}

}  // namespace

void AddVerify(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<VerifyFlags>();
  CLI::App* const verb = AddVerb(app, "verify", kHelp);
  verb->add_option("-p,--profile", flags->profile, Concat("The profile: ", kProfileWords))->required();
  AddProfileTargetOptions(*verb, flags->target);
  verb->add_option("--runs", flags->request.runs, "How often the command is run, each way")
      ->check(CLI::Range(uint32_t{1}, uint32_t{10000}))
      ->capture_default_str();
  AddDuration(*verb, "--limit", flags->limit,
              "How long a run may take: 500ms, 5s, 2m (default, with the profile in force: ten times the longest\n"
              "run without, and 30 s)");
  AddDuration(*verb, "--grace", flags->request.grace,
              "How long processes may outlive the command before they are ended: 500ms, 5s, 2m (default 5s)");
  verb->add_option("--report", flags->report, "Also write what was found to this file; - is stdout");
  verb->add_option("--format", flags->format, "The report's: json or junit")
      ->check(CLI::IsMember({"json", "junit"}))
      ->capture_default_str();
  verb->add_option("--user", flags->user, "Run the command as this user: a name, or uid[:gid]");
  verb->add_flag("-q,--quiet", flags->quiet, "Say nothing but what breaks");
  verb->add_option("command", flags->command, "The command and its arguments, after --")
      ->type_name("COMMAND")
      ->required();
  verb->callback([flags, &exit_code] {
    const absl::StatusOr<int> result = Verify(*flags);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
