// SPDX-License-Identifier: Apache-2.0
// The common part of every recording with BPF: the kernel side, its events, the runs, and the end of the recording.
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

  // Arms the kernel side and begins the first run. `keep_runtime_phase` is false for a command started by the recorder,
  // whose runtime phase is the set-up in the recorder's child.
  static absl::StatusOr<BpfSession> Begin(const RecorderHost& host, const BpfOptions& options, std::string run_name,
                                          bool keep_runtime_phase);

  KernelSource& source() { return *source_; }
  Aggregator& aggregator() { return aggregator_; }

  // Follows the cgroup with this directory as a new subject. Not with enrol_containers, where the kernel side numbers
  // subjects, too.
  absl::Status AddSubject(Subject subject, const std::string& directory, KernelSource::CgroupKind kind);
  // The same without a cgroup, for a running process.
  absl::Status AddProcess(Subject subject, pid_t process);
  SubjectId subject() const { return 0; }
  // With enrol_containers: subject `id` is a container that ran before the recording; `cgroup` is its cgroup.
  void NameSubject(SubjectId id, std::string cgroup) { ran_before_[id] = std::move(cgroup); }
  std::vector<SubjectId> ran_before() const;

  // From now on calls `checkpoint` with a Recording at the times of CheckpointSchedule.
  void OfferCheckpoints(std::function<void(const Recording&)> checkpoint) { checkpoint_ = std::move(checkpoint); }

  // Calls `use` with the Recording as it would be if it ended now, with the loss "checkpoint".
  absl::Status Show(absl::FunctionRef<void(const Recording&)> use);

  // Returns `command` with SYSCARVE_MARK in its environment; marks that arrive there begin new runs. Call
  // CommandStarted() once its process exists.
  absl::StatusOr<Command> OfferMarks(const Command& command, MarkBy by);
  void CommandStarted() { marks_->CloseInherited(); }
  // The folder of the mark socket; "" without one.
  std::string mark_folder() const { return marks_ ? marks_->folder() : ""; }

  // Waits for any of `descriptors`, the ring, a mark or `deadline`, and drains the ring. On return each descriptor's
  // revents is set.
  absl::Status Wait(std::vector<pollfd>& descriptors, std::optional<Clock::time_point> deadline);

  // The number of processes of subjects that are left, wherever they are.
  absl::StatusOr<size_t> CountFollowed();
  // Kills every process of a subject, wherever it is. Processes may take a moment to die, and may fork faster than they
  // are found: repeat until CountFollowed() is 0.
  absl::Status KillEveryone();

  // Call when all is armed and the command's process exists, before any data from an adversary is read.
  absl::Status Settle(const std::function<absl::Status()>& give_up_privileges);

  // Ends the run and begins the next: every call made before this is counted in the former, every call made after it
  // returns in the latter.
  absl::Status NextRun(const std::string& name);

  // Ends the recording. Containers become subjects named after their cgroup's last component.
  absl::StatusOr<Recording> End();

  // Containers for which there was no room, by their cgroup's path; all of them after End().
  const std::vector<std::string>& refused_containers() const { return event_reader_.refused_containers(); }

 private:
  BpfSession(const BpfOptions& options, bool keep_runtime_phase, std::unique_ptr<KernelSource> source,
             Aggregator aggregator);

  absl::Status AddSubject(Subject subject, absl::StatusOr<SubjectId> id);
  // Reads the resources that each subject uses, if due.
  void MeterResources();
  void Meter(SubjectId subject, const std::string& cgroup);
  void AggregateEvidence(const KernelSnapshot& now);
  void EndRun(KernelSnapshot now, UnixNanos at);
  // Makes a checkpoint if one is due.
  absl::Status Checkpoint();
  // Adds the subjects that the kernel side has enrolled, and its observations of each subject's start.
  void UpdateSubjects(const KernelSnapshot& now);

  BpfOptions options_;
  bool keep_runtime_phase_;
  std::unique_ptr<KernelSource> source_;
  uint64_t unix_offset_;
  EventReader event_reader_;
  Aggregator aggregator_;
  std::vector<Subject> subjects_;
  std::map<SubjectId, std::string> ran_before_;
  std::optional<KernelSnapshot> before_;  // At the end of the latest completed run.
  UnixNanos run_start_;
  std::optional<MarkSocket> marks_;
  std::function<void(const Recording&)> checkpoint_;
  CheckpointSchedule schedule_{Clock::now()};
  std::optional<ControllerMounts> controllers_;  // With options_.hardening.
  std::map<SubjectId, ResourceMeter> meters_;
  Clock::time_point next_reading_;
};

}  // namespace syscarve
