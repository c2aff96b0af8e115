// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "userspace/app/line_proofs.h"
#include "userspace/app/profile_enforcer.h"
#include "userspace/app/profile_input.h"
#include "userspace/app/recording_output.h"
#include "userspace/app/service_profiles.h"
#include "userspace/app/verify_command.h"
#include "userspace/app/verify_containers.h"
#include "userspace/app/verify_report.h"
#include "userspace/base/concat.h"
#include "userspace/base/output_file.h"
#include "userspace/cli/command_words.h"
#include "userspace/cli/engine_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/profile_options.h"
#include "userspace/cli/verbs.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"

namespace syscarve::cli {
namespace {

constexpr char kVerifyHelp[] =
    "Run a command, or its containers, under profiles, and pass only if nothing breaks: a gate.\n\n"
    "First the profile only reports what it would refuse; then it is in force. It passes if no call was refused, the\n"
    "command succeeded, and what it started ended as it does without the profile. No root is needed:\n\n"
    "  syscarve verify --profile web.json -- ./run-my-tests.sh\n"
    "  syscarve verify --profile web.json --runs 5 --report verify.xml --format junit -- ./run-my-tests.sh\n\n"
    "With --docker each container that the command creates gets the profile and the capabilities of its service:\n\n"
    "  sudo syscarve verify --docker profiles -- ./run-the-tests.sh\n\n"
    "and, in a folder that `harden` wrote, everything else of its line, which is proven then.\n\n"
    "A command that fails now and then does so without the profile, too: with --runs that is measured, and\n"
    "counts for nothing. Exit code 1: something would break.";

struct VerifyFlags {
  std::string profile;
  ProfileTargetArguments target;
  VerifyRequest request;
  std::chrono::milliseconds limit{0};
  std::optional<std::string> report;
  std::string format = "json";
  std::optional<std::string> user;
  bool quiet = false;
  bool docker = false;
  ContainerFlags containers;
  TypedWords words;     // The files are profiles.
  std::string command;  // Always empty: CLI11 assigns everything to `words`.
};

void PrintVerdict(const Verification& result, const VerifyFlags& flags, bool have_lines) {
  if (!flags.quiet) {
    for (const std::string& remark : result.remarks) Note(remark);
  }
  for (const VerifyProblem& problem : result.problems) {
    Note(problem.message);
    if (!problem.fix.empty()) Note(Concat("  ", problem.fix));
  }
  if (flags.quiet) return;
  Note(!result.Passed() ? "not verified"
       : have_lines     ? "verified: nothing breaks under these profiles, each with its whole line"
       : flags.docker   ? "verified: nothing breaks under these profiles"
                        : "verified: nothing breaks under this profile");
}

absl::Status CheckForCommand(const VerifyFlags& flags) {
  if (flags.profile.empty()) {
    return WithHint(absl::InvalidArgumentError("--profile is missing"),
                    "With --docker, profiles are named before --: `syscarve verify --help` has examples.");
  }
  if (flags.containers.ChooseAny()) {
    return absl::InvalidArgumentError(
        "--engine-socket, --name, --label, --compose-project and --cgroup-parent go with --docker");
  }
  return absl::OkStatus();
}

absl::StatusOr<VerifyContainersRequest> ContainersRequest(const VerifyFlags& flags,
                                                          const std::vector<std::string>& profiles) {
  if (!flags.profile.empty()) {
    return absl::InvalidArgumentError("--profile is for a command; with --docker profiles are named before --");
  }
  SYSCARVE_ASSIGN_OR_RETURN(const ProfileTarget target, ProfileTargetOf(flags.target));
  VerifyContainersRequest request;
  request.verify = flags.request;
  SYSCARVE_ASSIGN_OR_RETURN(request.profiles, ReadServiceProfiles(profiles, target));
  SYSCARVE_ASSIGN_OR_RETURN(request.filter, flags.containers.Filter());
  request.by = ByFromName(flags.containers.by).value_or(By::kService);
  request.engine_socket = flags.containers.engine_socket;
  request.cgroup_parents = flags.containers.cgroup_parents;
  request.max_containers = flags.containers.max_containers;
  for (const ServiceProfile& profile : request.profiles) {
    for (const std::string& warning : profile.warnings) {
      if (!flags.quiet) Warn(Concat(profile.file, ": ", warning));
    }
  }
  return request;
}

// The exit code, if there was no error.
absl::StatusOr<int> Verify(VerifyFlags flags) {
  std::optional<OutputFile> report_file;
  if (flags.report.has_value()) {
    SYSCARVE_ASSIGN_OR_RETURN(report_file, OutputFile::Open(*flags.report));
  }
  if (flags.limit.count() > 0) flags.request.limit = flags.limit;
  const std::vector<std::string> words = CommandWords(flags.words.words);
  SYSCARVE_ASSIGN_OR_RETURN(
      const std::vector<std::string> profile_words,
      WordsBefore(flags.words, words, flags.docker, "Profiles are named in front of -- with --docker only."));
  SYSCARVE_ASSIGN_OR_RETURN(std::optional<Identity> identity, ResolveIdentity(flags.user));
  VerifiedSubject subject = {.profile = flags.profile, .command = words};
  TerminalNotes notes(flags.quiet);
  std::optional<EnforcedFilter> filter;
  std::optional<ProfileInput> profile;
  std::optional<VerifyContainersRequest> containers;
  if (flags.docker) {
    SYSCARVE_ASSIGN_OR_RETURN(containers, ContainersRequest(flags, profile_words));
    for (const ServiceProfile& service : containers->profiles) subject.services[service.title] = service.file;
  } else {
    SYSCARVE_RETURN_IF_ERROR(CheckForCommand(flags));
    SYSCARVE_ASSIGN_OR_RETURN(profile, ReadProfileForCommand(flags.profile, flags.target));
    if (!flags.quiet) PrintWarnings(*profile);
    SYSCARVE_ASSIGN_OR_RETURN(filter, EnforcedFilterOf(*profile));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Command command, ResolveCommand(words, std::move(identity)));
  SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
  absl::StatusOr<Verification> verified =
      containers.has_value() ? VerifyContainers(*containers, command, signals, notes)
                             : VerifyCommand(flags.request, profile->profile, *filter, command, signals, notes);
  SYSCARVE_RETURN_IF_ERROR(verified.status());
  const Verification& result = *verified;
  const bool have_lines = containers.has_value() && HaveLines(containers->profiles);
  PrintVerdict(result, flags, have_lines);
  const WriteOptions options = {.owner = OwnerOfResults(), .stop = StopAtSignal(signals)};
  if (have_lines) {
    LiftFileSizeLimit();
    SYSCARVE_RETURN_IF_ERROR(KeepLineProofs(containers->profiles, result, options));
    if (!result.Passed() && !result.RunsOf(true).empty()) {
      Note(
          "the containers ran under the whole line of hardening.json: find the setting that breaks it with `syscarve "
          "harden --leave-out SETTING`");
    }
  }
  if (report_file.has_value()) {
    const std::string report = flags.format == "junit"
                                   ? VerificationJunit(result, subject)
                                   : VerificationJson(result, filter.value_or(EnforcedFilter()), subject);
    LiftFileSizeLimit();
    SYSCARVE_RETURN_IF_ERROR(report_file->Write(report, options));
  }
  return result.Passed() ? 0 : 1;
}

}  // namespace

void AddVerify(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<VerifyFlags>();
  CLI::App* const verb = AddVerb(app, "verify", kVerifyHelp);
  verb->add_option("-p,--profile", flags->profile, Concat("A command's profile: ", kProfileWords));
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
  verb->add_flag("-q,--quiet", flags->quiet, "Print only what breaks");
  verb->add_flag("--docker", flags->docker,
                 "Verify the containers that the command creates, each under its service's profile")
      ->group("Containers");
  AddContainerFlags(*verb, flags->containers, "What a container's profile is chosen by, as when it was recorded");
  // The first positional receives all words. The second is for the help, and because CLI11 does not continue with a
  // verb behind "--" if its positionals are complete.
  const CLI::Option* const words =
      verb->add_option(
              "profiles", flags->words.words,
              "With --docker: a folder as generate writes it, or profiles, SERVICE=FILE where a file has not the "
              "service's name")
          ->type_name("PROFILES");
  verb->add_option("command", flags->command, "The command and its arguments, after --")->type_name("COMMAND");
  verb->callback([flags, verb, words, &exit_code] {
    const std::vector<CLI::Option*>& parsed = verb->parse_order();
    flags->words.typed = static_cast<size_t>(std::ranges::count(parsed, words));
    const absl::StatusOr<int> result = Verify(*flags);
    exit_code = result.ok() ? *result : Fail(result.status());
  });
}

}  // namespace syscarve::cli
