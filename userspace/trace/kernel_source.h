// SPDX-License-Identifier: Apache-2.0
// The kernel side as a recording uses it: what is to be followed, the events, the counters. BpfEventSource is the real
// one; tests have one without a kernel.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/recording.h"
#include "userspace/trace/kernel_snapshot.h"
#include "userspace/trace/program_forms.h"

namespace syscarve {

struct BpfOptions {
  bool every_call = false;  // Stream every call, not only first sightings.
  // Watch exits too, to tell calls that a filter in force refused. Costs half as much again per call.
  bool track_denials = false;
  // Make each new container's cgroup a subject, in the kernel, before its first task is there. Room is made for
  // thousands of programs, not for hundreds.
  bool enrol_containers = false;
  uint32_t max_subjects = 1;
  uint32_t max_processes = 32768;  // Of all subjects, at once. More for containers.
  Abi native = NativeAbi();
  bool arguments = true;   // Keep those of the calls that shipped/recorded_arguments.h names.
  bool hardening = false;  // Keep hardening evidence. REQUIRES: track_denials.
  // Whether to look for capability checks. Finding out how takes a third of the time until all is armed.
  bool capabilities = true;
};

class KernelSource {
 public:
  virtual ~KernelSource() = default;

  // From the next call on, tasks in the cgroup with this directory or below it belong to a new subject, and whoever
  // comes there or is forked by them, to their end, wherever they go. A process that moves into it later is in the
  // runtime phase until it execs: the next program, or, for a container, the container's program (a runtime that
  // executes itself anew is still the runtime). kNotFound when there is no such directory, kAlreadyExists when a
  // subject has this cgroup, kResourceExhausted when there are max_subjects, or their cgroups are at more than
  // RECORDER_SUBJECT_LEVELS different depths.
  // kRunning and kRunningContainer are told of what has been started before: whoever executes a program there after
  // coming from outside has joined it.
  enum class CgroupKind { kPlain, kContainer, kRunning, kRunningContainer };
  virtual absl::StatusOr<SubjectId> FollowCgroup(const std::string& directory, CgroupKind kind) = 0;
  // A subject without a cgroup, for FollowProcess. It has begun with the process `first`.
  virtual absl::StatusOr<SubjectId> FollowNoCgroup(pid_t first) = 0;
  // Every cgroup that is made directly below the one with this directory is a container, whatever its name. REQUIRES:
  // options.enrol_containers.
  virtual absl::Status EnrolChildrenOf(const std::string& directory) = 0;
  // From the next call on, this process and those it forks from now on belong to `subject`.
  virtual absl::Status FollowProcess(pid_t process, SubjectId subject) = 0;
  // `process` is in a followed cgroup already, and is the runtime at work, still in its own root directory and under
  // its own filters: what it does until it execs the container's program is the runtime's.
  virtual absl::Status MarkRuntime(pid_t process) = 0;
  // What this process forks from now on is a runtime at work, like what MarkRuntime() marks, until it executes a
  // program in a subject's cgroup: one that comes into a subject is never taken for its program, not in the moment of
  // coming either.
  virtual absl::Status MarkChildren() = 0;

  // The processes of all subjects that have not ended, wherever they are, by their pid in our pid namespace. Asks the
  // kernel about every process of the host, and notes for which signals those have handlers: KernelSubject::caught,
  // KernelSlot::caught.
  virtual absl::StatusOr<std::vector<pid_t>> FollowedProcesses() = 0;

  virtual AttachForm attach_form() const = 0;
  // Where capability checks are seen: "fexit", "tracepoint" or "none".
  virtual const std::string& capability_source() const = 0;

  // Has this thread, which reads and writes the maps, no longer preempted by ordinary tasks, where that matters: while
  // it is in one of these operations the kernel skips programs of perf and ftrace on that CPU. What this thread forks
  // from now on is an ordinary task, at nice 0. Best effort: what is skipped is counted.
  virtual void AvoidPreemption() = 0;

  // Readable when Drain() is worth calling.
  virtual int events_fd() const = 0;
  // Reads what the ring holds now.
  virtual absl::Status Drain(EventReader& events) = 0;

  // Reads the counters while programs are running: what was counted when this was called is in the snapshot.
  virtual absl::StatusOr<KernelSnapshot> Read() const = 0;
  // Adds the hardening evidence so far, where it is kept, to what Read() or Finish() gave. Apart from them, as it is of
  // the whole recording: a run that ends needs none.
  virtual absl::Status ReadEvidence(KernelSnapshot& snapshot) const = 0;
  // Detaches every program, waits until none is running, drains the ring, then reads the counters. Call once.
  virtual absl::StatusOr<KernelSnapshot> Finish(EventReader& events) = 0;
};

}  // namespace syscarve
