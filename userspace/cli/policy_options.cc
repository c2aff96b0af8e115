// SPDX-License-Identifier: Apache-2.0
#include "userspace/cli/policy_options.h"

#include "userspace/app/companions.h"

namespace syscarve::cli {

void AddPolicyOptions(CLI::App& verb, PolicyArguments& arguments) {
  verb.add_option("--closure", arguments.closure,
                  "none: only what was seen; safe: add what the same work may need another time, each with its reason; "
                  "steady: also calls that can do no more than what was seen, so that other work of the same kind "
                  "passes; "
                  "portable: as safe, and those of another libc, for x86_64 and aarch64 alike")
      ->check(CLI::IsMember({"none", "safe", "steady", "portable"}))
      ->capture_default_str();
  verb.add_option("--args", arguments.args,
                  "Which calls are allowed for some arguments only. off: none; safe: those where few values have "
                  "power, such as the families of sockets and flags for new namespaces, for what was seen and what is "
                  "like it; all: all whose arguments are recorded, for exactly what was seen")
      ->check(CLI::IsMember({"off", "safe", "all"}))
      ->capture_default_str();
  verb.add_option(
          "--unlisted", arguments.unlisted,
          "The action for other calls. enosys: ENOSYS for what a libc may probe and for future calls, EPERM for the "
          "rest; eperm: EPERM also for future calls; kill: the process dies; log: let through and logged")
      ->check(CLI::IsMember({"enosys", "eperm", "kill", "log"}))
      ->capture_default_str();
  verb.add_option("--with", arguments.companions,
                  "Allow what happens in a container beside the service's work, too (repeatable): exec, a shell that "
                  "is opened in it; health, a check of the service; init, tini in front of it; tty, a shell's "
                  "terminal. As shipped, or KIND=RECORDING: as recorded, such as exec=shell.recording.json")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->type_name("KIND[=RECORDING]");
  verb.add_option("--allow", arguments.allow, "Allow this call, too (repeatable)")
      ->allow_extra_args(false)
      ->delimiter(',');
  verb.add_flag("--only-needed", arguments.only_needed,
                "Leave out the calls that `syscarve prove --into` has proven not to be needed");
  verb.add_option("--block", arguments.block, "Do not allow this call, whatever the reason for it (repeatable)")
      ->allow_extra_args(false)
      ->delimiter(',');
  verb.add_flag("--allow-incomplete", arguments.allow_incomplete,
                "Accept a recording that is incomplete: calls may be missing in it");
}

absl::StatusOr<GenerateOptions> GenerateOptionsOf(const PolicyArguments& arguments, Abi native) {
  GenerateOptions options;
  SYSCARVE_ASSIGN_OR_RETURN(options.companions, LoadCompanions(arguments.companions, native));
  options.closure = ClosureModeFromName(arguments.closure).value_or(GenerateOptions().closure);
  options.arguments = ArgumentModeFromName(arguments.args).value_or(GenerateOptions().arguments);
  options.unlisted = UnlistedModeFromName(arguments.unlisted).value_or(UnlistedMode::kEnosys);
  options.allow = arguments.allow;
  options.block = arguments.block;
  options.only_needed = arguments.only_needed;
  options.allow_incomplete = arguments.allow_incomplete;
  return options;
}

}  // namespace syscarve::cli
