// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/notify_recorder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "userspace/process/host.h"
#include "userspace/process/process_tree.h"
#include "userspace/process/task_files.h"
#include "userspace/shipped/argument_table.h"
#include "userspace/shipped/drivers.h"
#include "userspace/trace/aggregator.h"
#include "userspace/trace/argument_calls.h"
#include "userspace/trace/checkpoint_schedule.h"
#include "userspace/trace/kernel_snapshot.h"
#include "userspace/trace/notified_evidence.h"
#include "userspace/trace/supervisor.h"

namespace syscarve {
namespace {

// Lets every call through and counts it.
class CallCounter : public NotificationHandler {
 public:
  CallCounter(const ArgumentCalls& argument_calls, const Drivers& drivers, const ArgumentTable& table,
              NotifiedEvidence* evidence, Aggregator& aggregator, SubjectId subject,
              const std::function<void(const Recording&)>& checkpoint)
      : argument_calls_(argument_calls),
        drivers_(drivers),
        table_(table),
        evidence_(evidence),
        aggregator_(aggregator),
        subject_(subject),
        checkpoint_(checkpoint) {}

  Response Decide(const Notification& notification) override {
    word_.reset();
    file_.reset();
    if (evidence_ != nullptr) evidence_->Look(notification);
    const ArgumentCall* const call = ArgumentsOf(notification);
    if (call == nullptr || notification.memory == nullptr) return {};
    if (call->call->pointed_to) {
      word_ = notification.memory->WordAt(notification.data.args[call->call->indexes.front()]);
    }
    if (call->call->descriptor.has_value()) {
      file_ = notification.memory->FileOf(static_cast<unsigned>(notification.data.args[*call->call->descriptor]));
    }
    return {};
  }

  void Delivered(const Notification& notification, const Response&) override {
    if (!notification.id.has_value()) {
      // A negative number is no system call; an architecture without an Abi is not supported.
      if (notification.data.nr >= 0) ++unknown_abi_calls_;
      return;
    }
    if (notification.privileges_withheld) privileged_.insert(notification.program.path);
    const SyscallId id = *notification.id;
    if (aggregator_.CallCount(subject_, Phase::kMain, id) == 0) {
      aggregator_.AddFirstSeen(subject_, Phase::kMain, id, UnixNow());
    }
    const ProgramId program = aggregator_.AddProgram(notification.program);
    aggregator_.AddCalls(subject_, program, Phase::kMain, id, 1);
    AddArguments(notification, program);
    if (evidence_ != nullptr) evidence_->Keep(notification, program);
    Checkpoint();
  }

  uint64_t unknown_abi_calls() const { return unknown_abi_calls_; }
  // Paths of programs that ran without the privileges of their file.
  const std::set<std::string>& privileged() const { return privileged_; }

 private:
  const ArgumentCall* ArgumentsOf(const Notification& notification) const {
    const auto call = notification.id.has_value() ? argument_calls_.find(*notification.id) : argument_calls_.end();
    return call == argument_calls_.end() ? nullptr : &call->second;
  }

  void AddArguments(const Notification& notification, ProgramId program) {
    const ArgumentCall* const call = ArgumentsOf(notification);
    if (call == nullptr) return;
    SeenArguments seen = call->Nothing();
    if (!call->call->pointed_to) {
      std::array<uint64_t, 6> registers;
      std::ranges::copy(notification.data.args, registers.begin());
      seen = call->Of(registers, program);
    } else if (word_.has_value()) {
      seen.values[{*word_ & call->masks.front()}] = {program};
    } else {
      seen.open = true;
    }
    std::set<std::vector<uint64_t>>& known = values_[*notification.id];
    for (const auto& [values, programs] : seen.values) {
      if (known.size() < kMaxRecordedValues) known.insert(values);
      seen.open |= !known.contains(values);
      if (file_.has_value() && !seen.open) seen.files[values] = {KindOf(*file_)};
    }
    if (seen.open) {
      seen.values.clear();
      seen.files.clear();
    }
    aggregator_.AddArguments(subject_, Phase::kMain, *notification.id, seen);
  }

  std::string KindOf(const OpenFile& file) const {
    if (!file.open) return std::string(kNoFile);
    if (!file.anonymous.empty()) return KindOfAnonymousFile(file.anonymous);
    if (file.family.has_value()) return KindOfSocket(table_, *file.family);
    return KindOfFile(drivers_, file.mode, file.major, file.minor, file.file_system);
  }

  void Checkpoint() {
    const auto begin = CheckpointSchedule::Clock::now();
    if (!checkpoint_ || !schedule_.Due(begin)) return;
    if (evidence_ != nullptr) aggregator_.SetHardening(subject_, evidence_->Evidence());
    aggregator_.Preview(
        UnixNow(),
        [this] {
          aggregator_.AddLoss(CheckpointLoss());
          if (evidence_ != nullptr) evidence_->AddLosses(aggregator_);
        },
        checkpoint_);
    schedule_.Made(begin, CheckpointSchedule::Clock::now());
  }

  const ArgumentCalls& argument_calls_;
  const Drivers& drivers_;
  const ArgumentTable& table_;
  std::map<SyscallId, std::set<std::vector<uint64_t>>> values_;
  // Of the call that is being decided: the word in memory, and the file of its descriptor.
  std::optional<uint64_t> word_;
  std::optional<OpenFile> file_;
  NotifiedEvidence* evidence_;  // nullptr: none was requested.
  Aggregator& aggregator_;
  SubjectId subject_;
  const std::function<void(const Recording&)>& checkpoint_;
  CheckpointSchedule schedule_{CheckpointSchedule::Clock::now()};
  uint64_t unknown_abi_calls_ = 0;
  std::set<std::string> privileged_;
};

std::string Processes(uint64_t count) {
  return std::to_string(count) + (count == 1 ? " process" : " processes");
}

}  // namespace

absl::StatusOr<NotifyRecordOutcome> RecordByNotification(const Command& command, const RecordOptions& options,
                                                         SignalForwarder& signals) {
  SYSCARVE_ASSIGN_OR_RETURN(std::string run_id, NewRunId());
  Aggregator aggregator(DescribeHost(),
                        {.backend = "notify", .events = "first", .capabilities = "none", .denials = "none"});
  const SubjectId subject =
      aggregator.AddSubject({.kind = SubjectKind::kCommand, .name = options.subject_name, .cgroup = ""});
  aggregator.BeginRun(std::move(run_id), options.run_name, UnixNow());

  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentCalls argument_calls, ArgumentCallsFor(NativeAbi()));
  SYSCARVE_ASSIGN_OR_RETURN(const Drivers* const drivers, ShippedDrivers());
  SYSCARVE_ASSIGN_OR_RETURN(const ArgumentTable* const table, ShippedArgumentTable());
  std::optional<NotifiedEvidence> evidence;
  if (options.hardening) {
    evidence.emplace(ProcIsOurs(), [](pid_t task) { return std::make_unique<TaskFiles>(task); });
  }
  CallCounter counter(argument_calls, *drivers, *table, evidence.has_value() ? &*evidence : nullptr, aggregator,
                      subject, options.safety.checkpoint);
  SYSCARVE_ASSIGN_OR_RETURN(const SuperviseOutcome outcome,
                            Supervise(command, NotifyEveryCall(), counter, signals,
                                      {.grace = options.grace, .on_started = options.safety.give_up_privileges}));
  if (outcome.exec_error != 0) {
    return NotifyRecordOutcome{.command_status = outcome.status, .execution = ExecFailure(command, outcome.exec_error)};
  }

  if (outcome.ended > 0) {
    options.note(Processes(outcome.ended) + " outlived the command and the grace period and had to be ended");
  }
  if (outcome.left > 0) options.note(Processes(outcome.left) + " could not be ended: stuck in the kernel");
  for (const std::string& path : counter.privileged()) {
    options.note(path + " ran without the privileges of its file: recording by notification needs no_new_privs");
  }
  if (!outcome.complete.ok()) {
    aggregator.AddLoss(
        {.what = "recorder_stopped",
         .count = 1,
         .missed_calls = true,
         .detail = "Supervision ended before the command did: " + std::string(outcome.complete.message()) + "."});
  }
  if (!outcome.programs_known) {
    aggregator.AddLoss(
        {.what = "programs_unknown",
         .count = 1,
         .missed_calls = false,
         .detail = "/proc is not there or belongs to another pid namespace, so no program could be identified; "
                   "mount one of this namespace (mount -t proc proc /proc)."});
  }
  if (outcome.interrupted > 0) {
    // Not missed: they were not made, and those that the kernel restarted were recorded at their restart.
    aggregator.AddLoss(
        {.what = "call_interrupted",
         .count = outcome.interrupted,
         .missed_calls = false,
         .detail = "Calls that a signal stopped before they were made; if the signal's handler lacks SA_RESTART, the "
                   "program saw EINTR."});
  }
  if (counter.unknown_abi_calls() > 0) {
    aggregator.AddLoss({.what = "unknown_abi",
                        .count = counter.unknown_abi_calls(),
                        .missed_calls = true,
                        .detail = "Calls of an architecture that syscarve does not know."});
  }
  if (evidence.has_value()) {
    aggregator.SetHardening(subject, evidence->Evidence());
    evidence->AddLosses(aggregator);
  }
  aggregator.SetCommandEnd({.status = outcome.status, .ended_by_recorder = outcome.ended});
  // This backend does not see signals.
  aggregator.SetLife(subject, {.start_seen = true, .ends = {EndOfStatus(outcome.wait_status, /*taken=*/0)}});
  return NotifyRecordOutcome{.recording = aggregator.Finish(UnixNow()), .command_status = outcome.status};
}

}  // namespace syscarve
