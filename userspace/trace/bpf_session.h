// SPDX-License-Identifier: Apache-2.0
// What every recording with BPF shares: the kernel side, what it tells, the runs it is divided into, and how it ends.
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/resource_meter.h"
#include "userspace/trace/aggregator.h"
#include "userspace/trace/checkpoint_schedule.h"
#include "userspace/trace/kernel_snapshot.h"
#include "userspace/trace/kernel_source.h"
#include "userspace/trace/mark_socket.h"
#include "userspace/trace/recorder_host.h"

namespace syscarve {

class BpfSession {
 public:
  using Clock = std::chrono::steady_clock;

  // Arms the kernel side and begins the first run. `keep_runtime_phase` is false for a command of our own, whose
  // runtime phase is our child's set-up.
  static absl::StatusOr<BpfSession> Begin(const RecorderHost& host, const BpfOptions& options, std::string run_name,
                                          bool keep_runtime_phase);

  KernelSource& source() { return *source_; }
  Aggregator& aggregator() { return aggregator_; }

  // Follows the cgroup with this directory as a new subject. Not beside enrol_containers, where the kernel side numbers
  // subjects, too.
  absl::Status AddSubject(Subject subject, const std::string& directory, KernelSource::CgroupKind kind);
  // The same without a cgroup, of a process that runs already.
  absl::Status AddProcess(Subject subject, pid_t process);
  SubjectId subject() const { return 0; }
  // Beside enrol_containers: this subject is a container that ran before, and its cgroup is this one.
  void NameSubject(SubjectId id, std::string cgroup) { ran_before_[id] = std::move(cgroup); }
  std::vector<SubjectId> ran_before() const;

  // From now on hands a Recording to `checkpoint` at the times that CheckpointSchedule names.
  void OfferCheckpoints(std::function<void(const Recording&)> checkpoint) { checkpoint_ = std::move(checkpoint); }

  // Shows `use` the Recording as it would be if the recording ended now, with the loss "checkpoint".
  absl::Status Show(absl::FunctionRef<void(const Recording&)> use);

  // `command` with SYSCARVE_MARK in its environment; marks that come from there begin new runs. CommandStarted() is due
  // when its process exists.
  absl::StatusOr<Command> OfferMarks(const Command& command, MarkBy by);
  void CommandStarted() { marks_->CloseInherited(); }
  // The folder of the mark socket; "" without one.
  std::string mark_folder() const { return marks_ ? marks_->folder() : ""; }

  // Waits for any of `descriptors`, the ring, a mark or `deadline`, and drains the ring. On return each descriptor's
  // revents is set.
  absl::Status Wait(std::vector<pollfd>& descriptors, std::optional<Clock::time_point> deadline);

  // How many processes of subjects are left, wherever they are.
  absl::StatusOr<size_t> CountFollowed();
  // Kills every process of a subject, wherever it is. They may take a moment to die, and fork faster than they are
  // found: call it until nobody is left.
  absl::Status KillEveryone();

  // Call when all is armed and the command's process is there, before anything is read that an adversary has written.
  absl::Status Settle(const std::function<absl::Status()>& give_up_privileges);

  // Ends the run and begins the next: every call made before is in the one, every call made after this returns in the
  // other.
  absl::Status NextRun(const std::string& name);

  // Ends the recording. Containers become subjects named after their cgroup's last component.
  absl::StatusOr<Recording> End();

  // Containers that there was no room for, by their cgroup's path; all of them after End().
  const std::vector<std::string>& refused_containers() const { return event_reader_.refused_containers(); }

 private:
  BpfSession(const BpfOptions& options, bool keep_runtime_phase, std::unique_ptr<KernelSource> source,
             Aggregator aggregator);

  absl::Status AddSubject(Subject subject, absl::StatusOr<SubjectId> id);
  // Reads how much each subject uses, when it is time to.
  void MeterResources();
  void Meter(SubjectId subject, const std::string& cgroup);
  void AggregateEvidence(const KernelSnapshot& now);
  void EndRun(KernelSnapshot now, UnixNanos at);
  // Makes a checkpoint if one is due.
  absl::Status Checkpoint();
  // Makes known what the kernel side has enrolled, and what it saw of each subject's start.
  void UpdateSubjects(const KernelSnapshot& now);

  BpfOptions options_;
  bool keep_runtime_phase_;
  std::unique_ptr<KernelSource> source_;
  uint64_t unix_offset_;
  EventReader event_reader_;
  Aggregator aggregator_;
  std::vector<Subject> subjects_;
  std::map<SubjectId, std::string> ran_before_;
  std::optional<KernelSnapshot> before_;  // At the end of the latest run that has ended.
  UnixNanos run_start_;
  std::optional<MarkSocket> marks_;
  std::function<void(const Recording&)> checkpoint_;
  CheckpointSchedule schedule_{Clock::now()};
  std::optional<ControllerMounts> controllers_;  // With options_.hardening.
  std::map<SubjectId, ResourceMeter> meters_;
  Clock::time_point next_reading_;
};

}  // namespace syscarve
