// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <string.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

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
#include "userspace/model/syscall_table.h"
#include "userspace/process/command.h"
#include "userspace/process/signals.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/enosys_stub.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/call_text.h"
#include "userspace/trace/supervisor.h"

namespace syscarve::cli {
namespace {

constexpr char kHelp[] =
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

// What is told of a call that the profile does not simply allow. Calls that agree in all of it are one line.
struct RefusedCall {
  uint32_t audit_arch = 0;
  int nr = 0;  // As seccomp_data has it.
  Program program;
  Action action;
  auto operator<=>(const RefusedCall&) const = default;
};

std::string Hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "0x%jx", static_cast<uintmax_t>(value));
  return text;
}

struct Refusals {
  uint64_t count = 0;
  std::array<uint64_t, 6> first_arguments = {};
  std::string first_call;  // As CallText has it.
};

std::array<uint64_t, 6> ArgumentsOf(const seccomp_data& data) {
  std::array<uint64_t, 6> arguments;
  std::ranges::copy(data.args, arguments.begin());
  return arguments;
}

// "openat", "getpid:i386", "#999", "#5:0x1234".
std::string NameOf(const seccomp_data& data, const std::optional<SyscallId>& id) {
  return id.has_value() ? DisplayName(*id) : Concat("#", data.nr, ":", Hex(data.arch));
}

// Answers as the profile says, and remembers each call that it does not allow.
class ProfileEnforcer : public NotificationHandler {
 public:
  // `filter`, which must stay, is what the profile compiles to; `table` must stay, too.
  ProfileEnforcer(const FilterProgram& filter, const ArgumentTable& table, bool log_only)
      : filter_(filter), table_(table), log_only_(log_only) {}

  Response Decide(const Notification& notification) override {
    const Action action = ActionFromReturn(Evaluate(filter_, notification.data));
    if (action.kind != ActionKind::kAllow) ReadPaths(notification, action);
    if (log_only_) return {};
    switch (action.kind) {
      case ActionKind::kAllow:
      case ActionKind::kLog:
        return {};
      case ActionKind::kErrno:
        // The kernel caps what a filter returns in the same way.
        return {.kind = Response::Kind::kFail, .errno_value = std::min<int>(action.value, kMaxErrno)};
      case ActionKind::kNotify:
      case ActionKind::kTrace:
        // There is no agent and no tracer to ask, so the kernel would say this.
        return {.kind = Response::Kind::kFail, .errno_value = ENOSYS};
      case ActionKind::kTrap:
        return {.kind = Response::Kind::kTrap};
      case ActionKind::kKillThread:
      case ActionKind::kKillProcess:
        break;
    }
    return {.kind = Response::Kind::kKill};
  }

  void Delivered(const Notification& notification, const Response&) override {
    const seccomp_data& data = notification.data;
    const Action action = ActionFromReturn(Evaluate(filter_, data));
    if (action.kind == ActionKind::kAllow) return;
    Refusals& refusals = refused_[{data.arch, data.nr, notification.program, action}];
    if (refusals.count++ > 0) return;
    refusals.first_arguments = ArgumentsOf(data);
    // Paths of another call, which a signal took back, are not this one's.
    const bool read = read_.has_value() && read_->notified.nr == data.nr && read_->notified.arch == data.arch &&
                      std::ranges::equal(read_->notified.args, data.args);
    const std::string name = NameOf(data, notification.id);
    refusals.first_call = CallText(table_, notification.id.value_or(kNoCall), name, refusals.first_arguments,
                                   {.paths = read ? std::move(read_->paths) : std::map<unsigned, PathText>()});
  }

  const std::map<RefusedCall, Refusals>& refused() const { return refused_; }

 private:
  // Has no name, so its arguments are written as numbers.
  static constexpr SyscallId kNoCall = {.abi = Abi::kX86_64, .nr = kBeyondAllTables};

  // The paths of a call that is to be shown: the first of its line.
  void ReadPaths(const Notification& notification, const Action& action) {
    const seccomp_data& data = notification.data;
    read_.reset();
    if (!notification.id.has_value() || notification.memory == nullptr) return;
    if (refused_.contains({data.arch, data.nr, notification.program, action})) return;
    read_.emplace(ReadCall{.notified = data, .paths = {}});
    for (const unsigned index : PathArguments(table_, *notification.id, ArgumentsOf(data))) {
      const uint64_t address =
          HasNarrowArguments(notification.id->abi) ? data.args[index] & UINT32_MAX : data.args[index];
      std::optional<TaskString> text = notification.memory->StringAt(address);
      if (text.has_value()) read_->paths[index] = {.bytes = std::move(text->bytes), .whole = text->whole};
    }
  }

  struct ReadCall {
    seccomp_data notified;
    std::map<unsigned, PathText> paths;
  };

  const FilterProgram& filter_;
  const ArgumentTable& table_;
  const bool log_only_;
  std::map<RefusedCall, Refusals> refused_;
  std::optional<ReadCall> read_;  // Of the call that waits for its answer, before that is delivered.
};

// "EPERM", "kill", "log", …
std::string DescribeAction(const Action& action) {
  switch (action.kind) {
    case ActionKind::kErrno: {
      const char* name = strerrorname_np(action.value);
      return name != nullptr ? name : "errno " + std::to_string(action.value);
    }
    case ActionKind::kKillProcess:
    case ActionKind::kKillThread:
      return "kill";
    case ActionKind::kTrap:
      return "SIGSYS";
    case ActionKind::kNotify:
      return "notify";
    case ActionKind::kTrace:
      return "trace";
    case ActionKind::kLog:
      return "log";
    case ActionKind::kAllow:
      break;
  }
  return "allow";
}

// Whether `stub`, behind which the profile's filter follows, answers the call.
bool IsBeyondLargest(const RefusedCall& call, const FilterProgram& stub) {
  FilterProgram program = stub;
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  const seccomp_data data{.nr = call.nr, .arch = call.audit_arch, .instruction_pointer = 0, .args = {}};
  return Evaluate(program, data) != SECCOMP_RET_ALLOW;
}

bool LetThrough(const RefusedCall& call, const RunFlags& flags) {
  return flags.log || call.action.kind == ActionKind::kLog;
}

void PrintRefused(const std::map<RefusedCall, Refusals>& refused, const FilterProgram& stub, const RunFlags& flags) {
  if (refused.empty()) Note("the profile refused no call");
  for (const auto& [call, refusals] : refused) {
    const std::string verb = !LetThrough(call, flags)               ? "refused "
                             : call.action.kind == ActionKind::kLog ? "logged "
                                                                    : "would refuse ";
    const std::string_view why = IsBeyondLargest(call, stub) ? " beyond the largest number that the profile names" : "";
    Note(Concat(verb, refusals.first_call, ": ", DescribeAction(call.action), why, ", ", refusals.count,
                refusals.count == 1 ? " time, in " : " times, in ",
                call.program.path.empty() ? "an unknown program" : call.program.path));
  }
}

std::string FormatReport(const std::map<RefusedCall, Refusals>& refused, const FilterProgram& stub,
                         const SuperviseOutcome& outcome, int status, const RunFlags& flags) {
  JsonValue::Array calls;
  for (const auto& [call, refusals] : refused) {
    const std::optional<SyscallId> id = SyscallIdFromSeccompData(call.audit_arch, call.nr);
    const std::optional<std::string> name = id.has_value() ? SyscallName(*id) : std::nullopt;
    JsonValue::Array arguments;
    for (const uint64_t argument : refusals.first_arguments) arguments.emplace_back(Hex(argument));
    JsonValue::Object entry = {
        {"name", name.has_value() ? JsonValue(*name) : JsonValue(nullptr)},
        {"abi", id.has_value() ? JsonValue(AbiName(id->abi)) : JsonValue(nullptr)},
        {"number", id.has_value() ? id->nr : call.nr},
        {"action", ScmpActionName(call.action.kind)},
    };
    if (call.action.kind == ActionKind::kErrno) entry.push_back({"errno", call.action.value});
    entry.push_back({"beyond_largest", IsBeyondLargest(call, stub)});
    entry.push_back({"let_through", LetThrough(call, flags)});
    entry.push_back({"count", refusals.count});
    entry.push_back({"arguments", std::move(arguments)});
    entry.push_back({"call", refusals.first_call});
    entry.push_back({"program", JsonValue::Object{{"path", EncodePercent(call.program.path)},
                                                  {"device", call.program.device},
                                                  {"inode", call.program.inode}}});
    calls.emplace_back(std::move(entry));
  }
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
      {"refused", std::move(calls)},
  };
  return PrintJson(report, /*width=*/0);
}

// What became of the command, for the exit code, after it has been said.
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

// `stub`, and behind it what the profile compiles to.
absl::StatusOr<FilterProgram> FilterOf(const Profile& profile, FilterProgram stub) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram compiled, Compile(profile));
  stub.insert(stub.end(), compiled.begin(), compiled.end());
  SYSCARVE_RETURN_IF_ERROR(ValidateFilter(stub));
  return stub;
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
  const absl::StatusOr<ProfileTarget> target = ProfileTargetOf(flags.target);
  if (!target.ok()) return fail(target.status());
  if (target->native != NativeAbi()) {
    return fail(absl::InvalidArgumentError("--arch: the command runs on this host, so it is its own that counts"));
  }
  const absl::StatusOr<ProfileInput> profile = ReadProfileInput(flags.profile, *target);
  if (!profile.ok()) return fail(profile.status());
  if (!flags.quiet) PrintWarnings(*profile);
  // Filters in force are what they are: they have runc's stub or not.
  const FilterProgram stub = profile->live.empty() ? EnosysStub(profile->profile) : FilterProgram();
  const absl::StatusOr<FilterProgram> filter = FilterOf(profile->profile, stub);
  if (!filter.ok()) return fail(Annotate(filter.status(), flags.profile));

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
  ProfileEnforcer enforcer(*filter, **table, flags.log);
  const absl::StatusOr<SuperviseOutcome> outcome = Supervise(*command, NotifyUnlessAllowed(*filter), enforcer, *signals,
                                                             {.grace = flags.grace, .withhold_ptrace = true});
  if (!outcome.ok()) return fail(outcome.status());

  if (!flags.quiet) {
    PrintRefused(enforcer.refused(), stub, flags);
    if (outcome->ended > 0) {
      Note("processes that outlived the command and the grace period and were ended: " +
           std::to_string(outcome->ended));
    }
  }
  const int status = Conclude(*command, *outcome);
  if (report_file.has_value()) {
    const std::string report = FormatReport(enforcer.refused(), stub, *outcome, status, flags);
    LiftFileSizeLimit();
    const WriteOptions options = {.owner = OwnerOfResults(), .stop = StopAtSignal(*signals)};
    if (const absl::Status written = report_file->Write(report, options); !written.ok()) return fail(written);
  }
  return status;
}

}  // namespace

void AddRun(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<RunFlags>();
  CLI::App* verb = AddVerb(app, "run", kHelp);
  verb->add_option("-p,--profile", flags->profile, Concat("The profile: ", kProfileWords))->required();
  AddProfileTargetOptions(*verb, flags->target);
  verb->add_flag("--log", flags->log, "Let refused calls through and only report them");
  verb->add_option("--report", flags->report, "Also write the refused calls to this file, as JSON; - is stdout");
  verb->add_option("--user", flags->user, "Run the command as this user: a name, or uid[:gid]");
  AddDuration(*verb, "--grace", flags->grace,
              "How long processes may outlive the command before they are ended: 500ms, 5s, 2m (default 5s)");
  verb->add_flag("-q,--quiet", flags->quiet, "Say nothing but errors");
  verb->add_option("command", flags->command, "The command and its arguments, after --")
      ->type_name("COMMAND")
      ->required();
  verb->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace syscarve::cli
