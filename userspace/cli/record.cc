// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "userspace/app/record_containers.h"
#include "userspace/app/recording_output.h"
#include "userspace/base/concat.h"
#include "userspace/base/output_file.h"
#include "userspace/base/text.h"
#include "userspace/cli/command_words.h"
#include "userspace/cli/engine_options.h"
#include "userspace/cli/output.h"
#include "userspace/cli/verbs.h"
#include "userspace/model/recording_words.h"
#include "userspace/policy/exercise.h"
#include "userspace/process/command.h"
#include "userspace/trace/bpf_recorder.h"
#include "userspace/trace/notify_recorder.h"

namespace syscarve::cli {
namespace {

constexpr char kRecordHelp[] =
    "Record every system call and capability check of a program, or of containers.\n\n"
    "From its first instruction to the last of its last child:\n\n"
    "  sudo syscarve record -o web.recording.json -- nginx -g 'daemon off;'\n"
    "  sudo syscarve record --cgroup /system.slice/web.service --duration 60s\n"
    "  sudo syscarve record --pid 4711          # until Ctrl-C\n"
    "  syscarve record -- ./tests.sh            # no root: slower, by notification\n"
    "  sudo syscarve record --docker -o recordings -- ./run-the-tests.sh\n"
    "  sudo syscarve record --docker --exercise stop,reload,exec,restart,health -- ./run-the-tests.sh\n\n"
    "--docker records every container that is made meanwhile, from its first call, each\n"
    "service into a file of its own. `syscarve mark NAME` begins a new run for each test.\n\n"
    "The command's exit status is syscarve's. Under sudo the command runs as the user who\n"
    "called sudo, unless --user root is given.";

struct RecordFlags {
  std::optional<std::string> output;
  RecordOptions record = {.run_name = "default"};  // Options() completes it.
  std::string events = "first";
  std::string backend = "auto";
  std::optional<std::string> user;
  std::optional<std::string> cgroup;
  std::optional<pid_t> pid;
  std::chrono::milliseconds duration{0};  // 0: until a signal.
  bool mark_by_descriptor = false;
  bool quiet = false;
  std::vector<std::string> exercise;
  std::vector<std::string> command;

  bool docker = false;
  ContainerFlags containers;
  bool running = false;
  bool hardening = false;
  bool no_hardening = false;

  std::string Output() const { return output.value_or(docker ? "recordings" : "recording.json"); }
  bool OfContainersOnly() const { return containers.ChooseAny() || running; }
  // The options common to all subjects.
  RecordOptions Options() const {
    RecordOptions options = record;
    options.every_call = events == "all";
    options.hardening = hardening || (docker && !no_hardening);
    options.mark_by = mark_by_descriptor ? MarkBy::kDescriptor : MarkBy::kSocket;
    if (duration.count() > 0) options.duration = duration;
    options.note = [quiet = quiet](std::string_view text) {
      if (!quiet) Note(text);
    };
    return options;
  }
};

// Prints a short summary at the end of a recording.
void Summarise(const Recording& recording, const RecordFlags& flags) {
  const RecordedTotals totals = TotalsOf(recording);
  if (!flags.quiet) {
    Note(absl::StrCat("recorded ", totals.kinds, " different system calls (", totals.calls, " in all) by ",
                      totals.programs, " program(s), by ", recording.method.backend, ", in ", flags.Output()));
    if (totals.refused != 0) Note(absl::StrCat(totals.refused, " call(s) were refused by a filter already in force"));
  }
  for (const Gap& gap : FindGaps({&recording, 1})) Warn(Concat("not exercised: ", GapLine(gap)));
  for (const Loss& loss : recording.losses) Warn(LossWarning(loss));
}

absl::StatusOr<RecordOutcome> RecordByNotification(const Command& command, const RecordOptions& options,
                                                   SignalForwarder& signals, RecordStage& stage) {
  RecordOptions notify = options;
  notify.safety.give_up_privileges = GiveUpSupervisorPrivileges;
  stage = RecordStage::kSetUp;
  SYSCARVE_ASSIGN_OR_RETURN(NotifyRecordOutcome outcome, RecordByNotification(command, notify, signals));
  stage = outcome.execution.ok() ? RecordStage::kRunning : RecordStage::kExec;
  if (!outcome.execution.ok()) return outcome.execution;
  return RecordOutcome{std::move(outcome.recording), outcome.command_status};
}

absl::StatusOr<RecordOutcome> RecordCommand(const Command& command, const std::string& backend,
                                            const RecordOptions& options, SignalForwarder& signals,
                                            RecordStage& stage) {
  if (backend == "notify") return RecordByNotification(command, options, signals, stage);
  absl::StatusOr<RecordOutcome> outcome = RecordCommandWithBpf(command, options, signals, stage);
  if (outcome.ok() || backend == "bpf" || stage != RecordStage::kSetUp) return outcome;
  if (options.every_call) return Annotate(outcome.status(), "--events all needs BPF");
  if (options.exercise.any()) return Annotate(outcome.status(), "--exercise needs BPF");
  options.note(
      absl::StrCat("recording by user notification (slower, no capability evidence), because BPF is not to be had: ",
                   WithoutHint(outcome.status())));
  return RecordByNotification(command, options, signals, stage);
}

absl::StatusOr<RecordOutcome> RecordExisting(const RecordFlags& flags, RecordOptions options,
                                             SignalForwarder& signals) {
  if (flags.cgroup) {
    options.subject_name = std::filesystem::path(*flags.cgroup).filename().string();
    return RecordCgroupWithBpf(*flags.cgroup, options, signals);
  }
  std::error_code error;
  const auto executable = std::filesystem::read_symlink(absl::StrCat("/proc/", *flags.pid, "/exe"), error);
  options.subject_name = error ? absl::StrCat("pid-", *flags.pid) : executable.filename().string();
  return RecordProcessWithBpf(*flags.pid, options, signals);
}

absl::StatusOr<std::optional<Command>> FindCommand(const RecordFlags& flags, const std::vector<std::string>& words) {
  if (words.empty()) return std::nullopt;
  SYSCARVE_ASSIGN_OR_RETURN(auto identity, ResolveIdentity(flags.user));
  SYSCARVE_ASSIGN_OR_RETURN(Command command, ResolveCommand(words, std::move(identity)));
  return command;
}

int RecordDocker(const RecordFlags& flags) {
  const std::vector<std::string> words = CommandWords(flags.command);
  if (flags.cgroup || flags.pid || flags.backend == "notify") {
    Fail(
        absl::InvalidArgumentError("--docker goes with a command or none, and not with --cgroup, --pid or "
                                   "--backend notify. Hint: `syscarve record --help` has examples."));
    return 2;
  }
  if (!words.empty() && flags.duration.count() > 0) {
    Fail(
        absl::InvalidArgumentError("--duration goes with --docker without a command. Hint: timeout(1) ends a "
                                   "command in time."));
    return 2;
  }
  RecordContainersRequest containers;
  containers.output = flags.Output();
  containers.record = flags.Options();
  const absl::StatusOr<ContainerFilter> filter = flags.containers.Filter();
  if (!filter.ok()) return Fail(filter.status());
  containers.engine_socket = flags.containers.engine_socket;
  containers.filter = *filter;
  containers.by = ByFromName(flags.containers.by).value_or(By::kService);
  containers.running = flags.running;
  containers.cgroup_parents = flags.containers.cgroup_parents;
  containers.max_containers = flags.containers.max_containers;
  containers.quiet = flags.quiet;
  for (const std::string& name : flags.exercise) {
    if (const auto exercise = ExerciseFromName(name)) containers.exercise.insert(*exercise);
  }
  const auto command = FindCommand(flags, words);
  if (!command.ok()) {
    Fail(command.status());
    return absl::IsInvalidArgument(command.status()) ? kExitSyscarveFailed : ExitCodeForCommandError(command.status());
  }
  TerminalNotes notes(flags.quiet);
  RecordStage stage = RecordStage::kSetUp;
  const absl::StatusOr<RecordedContainers> recorded = RecordContainersToFolder(containers, *command, stage, notes);
  if (recorded.ok()) return recorded->all_written ? recorded->command_status : kExitSyscarveFailed;
  const int code = Fail(recorded.status());
  if (stage == RecordStage::kExec) return ExitCodeForCommandError(recorded.status());
  return command->has_value() ? kExitSyscarveFailed : code;
}

int Record(const RecordFlags& flags) {
  if (flags.docker) return RecordDocker(flags);
  if (flags.OfContainersOnly()) {
    Fail(
        absl::InvalidArgumentError("--engine-socket, --name, --label, --compose-project, --running and "
                                   "--cgroup-parent choose containers. Hint: Add --docker."));
    return 2;
  }
  const bool existing = flags.cgroup || flags.pid;
  // A verb that runs a command must not fail with a status that could be the command's.
  auto fail = [&](const absl::Status& status) {
    const int code = Fail(status);
    return existing ? code : kExitSyscarveFailed;
  };
  const std::vector<std::string> words = CommandWords(flags.command);
  if (existing != words.empty() || (flags.cgroup && flags.pid)) {
    Fail(absl::InvalidArgumentError(
        "give one of: -- COMMAND, --cgroup PATH, --pid PID. Hint: `syscarve record --help` has examples."));
    return 2;
  }
  const std::set<std::string> exercise(flags.exercise.begin(), flags.exercise.end());
  if (!exercise.empty() && (existing || flags.backend == "notify")) {
    Fail(absl::InvalidArgumentError(
        "--exercise goes with --docker or a command, and by BPF. Hint: `syscarve record --help` has examples."));
    return 2;
  }
  for (const std::string& name : exercise) {
    if (name == "stop" || name == "reload") continue;
    Fail(absl::InvalidArgumentError(
        absl::StrCat("--exercise ", name, " is for containers. Hint: A command takes stop and reload.")));
    return 2;
  }
  if (!existing && flags.duration.count() > 0 && !exercise.contains("stop")) {
    Fail(absl::InvalidArgumentError(
        "--duration goes with --cgroup, --pid or --exercise stop. Hint: timeout(1) ends a command in time."));
    return 2;
  }
  const auto output = OutputFile::Open(flags.Output());
  if (!output.ok()) return fail(output.status());

  RecordOptions options = flags.Options();
  options.exercise = {.reload = exercise.contains("reload"), .stop = exercise.contains("stop")};

  std::optional<Command> command;
  if (!existing) {
    auto identity = ResolveIdentity(flags.user);
    if (!identity.ok()) return fail(identity.status());
    auto resolved = ResolveCommand(words, *identity);
    if (!resolved.ok()) {
      Fail(resolved.status());
      return ExitCodeForCommandError(resolved.status());
    }
    command = *std::move(resolved);
    options.subject_name = std::filesystem::path(words[0]).filename().string();
  }
  if (flags.backend == "notify" && (existing || options.every_call)) {
    return fail(absl::InvalidArgumentError("--backend notify records a command, with --events first"));
  }

  // Lives until the recording is written: until then no terminating signal kills this process.
  auto signals = SignalForwarder::Create();
  if (!signals.ok()) return fail(signals.status());
  TerminalNotes notes(flags.quiet);
  CheckpointFiles checkpoints(OwnerOfResults(), notes);
  options.safety = SafetyWith(checkpoints, CheckpointPath(flags.Output()));
  RecordStage stage = RecordStage::kSetUp;
  absl::StatusOr<RecordOutcome> outcome = existing ? RecordExisting(flags, options, *signals)
                                                   : RecordCommand(*command, flags.backend, options, *signals, stage);
  if (!outcome.ok()) {
    EndCheckpoints(checkpoints, /*lost=*/true, notes);
    if (stage != RecordStage::kExec) return fail(outcome.status());
    Fail(outcome.status());
    return ExitCodeForCommandError(outcome.status());
  }
  RecordingOutput writer(*signals);
  const absl::Status written = writer.Write(*output, outcome->recording);
  if (!written.ok()) Fail(written);
  EndCheckpoints(checkpoints, writer.lost_any(), notes);
  if (!written.ok()) return kExitSyscarveFailed;
  Summarise(outcome->recording, flags);
  return outcome->command_status;
}

}  // namespace

void AddRecord(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RecordFlags>();
  CLI::App* verb = AddVerb(app, "record", kRecordHelp);
  verb->add_option("-o,--output", flags->output,
                   "Where the recording goes (default recording.json); - is stdout. With --docker a folder (default "
                   "recordings)");
  verb->add_option("--run", flags->record.run_name, "Name of this run, for example the test's")->capture_default_str();
  verb->add_option("--events", flags->events,
                   "first: counts and first sightings. all: also stream every call, for a timeline")
      ->check(CLI::IsMember({"first", "all"}))
      ->capture_default_str();
  verb->add_option("--backend", flags->backend, "bpf, notify (no root needed), or auto: bpf where it may be loaded")
      ->check(CLI::IsMember({"auto", "bpf", "notify"}))
      ->capture_default_str();
  verb->add_option("--user", flags->user, "Run the command as this user: a name, or uid[:gid]");
  verb->add_option("--cgroup", flags->cgroup,
                   "Record an existing cgroup v2 and those below it; of what runs in it the calls of the start are "
                   "missing");
  verb->add_option("--pid", flags->pid,
                   "Record an existing process and what it starts from now on; the calls of its own start are missing");
  AddDuration(*verb, "--grace", flags->record.grace,
              "How long processes may outlive the command before they are ended: 500ms, 5s, 2m (default 5s)");
  AddDuration(
      *verb, "--duration", flags->duration,
      "With --cgroup, --pid, or --docker without a command: stop after this long (default: Ctrl-C); with a command "
      "and --exercise stop: exercise it then");
  verb->add_option(
          "--exercise", flags->exercise,
          "At the end, drive what was not seen, and record it: stop, reload; of containers also exec, restart, "
          "health (several by commas)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"stop", "reload", "exec", "restart", "health"}))
      ->type_name("WHAT");
  verb->add_flag(
      "--denials", flags->record.track_denials,
      "Also record calls that a filter refused, and the results of calls with capability checks; on by itself when a "
      "filter is in force at the start");
  CLI::Option* const hardening = verb->add_flag(
      "--hardening", flags->hardening,
      "Also keep what hardening is decided on: files, addresses, user ids, peaks of memory and tasks; by BPF exits of "
      "calls are watched for it (on by itself with --docker)");
  verb->add_flag("--no-hardening", flags->no_hardening, "Keep none of it, also not with --docker")->excludes(hardening);
  verb->add_flag("--mark-by-descriptor", flags->mark_by_descriptor,
                 "Give the command an open descriptor to mark runs by (SYSCARVE_MARK=fd:N), not a socket's path");
  verb->add_flag("--docker", flags->docker,
                 "Record the containers that Docker, Podman or another engine starts meanwhile")
      ->group("Containers");
  AddContainerFlags(*verb, flags->containers, "What makes containers replicas of one another, recorded in one file");
  verb->add_flag(
          "--running", flags->running,
          "Also record containers that already run; the calls of their start are missing, and the recording is marked "
          "incomplete")
      ->group("Containers");
  verb->add_flag("-q,--quiet", flags->quiet, "Print errors and warnings only");
  verb->add_option("command", flags->command, "The command and its arguments, after --")->type_name("COMMAND");
  verb->callback([flags, &exit_code] { exit_code = Record(*flags); });
}

}  // namespace syscarve::cli
