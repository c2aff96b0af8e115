// SPDX-License-Identifier: Apache-2.0
// The kernel side as used by a recording: what to follow, the events, the counters. BpfEventSource is the real one;
// tests have one without a kernel.
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
  // Attach to exits too, to count the calls that a filter in force refused. Costs half as much again per call.
  bool track_denials = false;
  // Make each new container's cgroup a subject, in the kernel, before its first task is there. Allocates room for
  // thousands of programs instead of hundreds.
  bool enrol_containers = false;
  uint32_t max_subjects = 1;
  uint32_t max_processes = 32768;  // Of all subjects, at the same time. More for containers.
  Abi native = NativeAbi();
  bool arguments = true;   // Keep the arguments of the calls in shipped/recorded_arguments.h.
  bool hardening = false;  // Keep hardening evidence. REQUIRES: track_denials.
  // Record capability checks. Determining how to attach takes a third of the time to arm.
  bool capabilities = true;
};

class KernelSource {
 public:
  virtual ~KernelSource() = default;

  // From the next call on, tasks in the cgroup with this directory or below it are members of a new subject, and so are
  // tasks that move there or are forked by members, to their end, wherever they move. A process that moves into it
  // later is in the runtime phase until it execs: the next program, or, for a container, the container's program (a
  // runtime that re-executes itself is still the runtime). kNotFound if there is no such directory, kAlreadyExists if a
  // subject has this cgroup, kResourceExhausted if there are max_subjects, or their cgroups are at more than
  // RECORDER_SUBJECT_LEVELS different depths. kRunning and kRunningContainer: the subject was started before. A process
  // that moves in from outside and executes a program there has joined it.
  enum class CgroupKind { kPlain, kContainer, kRunning, kRunningContainer };
  virtual absl::StatusOr<SubjectId> FollowCgroup(const std::string& directory, CgroupKind kind) = 0;
  // Adds a subject without a cgroup, for FollowProcess. Its first process is `first`.
  virtual absl::StatusOr<SubjectId> FollowNoCgroup(pid_t first) = 0;
  // Makes every cgroup created directly below the one with this directory a container, whatever its name. REQUIRES:
  // options.enrol_containers.
  virtual absl::Status EnrolChildrenOf(const std::string& directory) = 0;
  // From the next call on, this process and those it forks from now on belong to `subject`.
  virtual absl::Status FollowProcess(pid_t process, SubjectId subject) = 0;
  // Marks `process`, which is in a followed cgroup already, as the runtime at work, still in its own root directory and
  // under its own filters: what it does until it execs the container's program is the runtime's.
  virtual absl::Status MarkRuntime(pid_t process) = 0;
  // Marks all processes that this one forks from now on as runtimes at work, as MarkRuntime() does, until they execute
  // a program in a subject's cgroup: a child that moves into a subject is never counted as its program, not even at the
  // moment of the move.
  virtual absl::Status MarkChildren() = 0;

  // The processes of all subjects that have not ended, wherever they are, by their pid in the recorder's pid namespace.
  // Visits every process of the host in the kernel, and records the signals for which the subjects' processes have
  // handlers: KernelSubject::caught, KernelSlot::caught.
  virtual absl::StatusOr<std::vector<pid_t>> FollowedProcesses() = 0;

  virtual AttachForm attach_form() const = 0;
  // How capability checks are recorded: "fexit", "tracepoint" or "none".
  virtual const std::string& capability_source() const = 0;

  // Prevents ordinary tasks from preempting this thread, which reads and writes the maps, where that matters: while it
  // is in one of these operations the kernel skips programs of perf and ftrace on that CPU. Processes that this thread
  // forks from now on are ordinary tasks, at nice 0. Best effort: skipped runs are counted.
  virtual void AvoidPreemption() = 0;

  // Readable when Drain() has something to read.
  virtual int events_fd() const = 0;
  // Reads the present contents of the ring.
  virtual absl::Status Drain(EventReader& events) = 0;

  // Reads the counters while programs are running: the snapshot contains everything that was counted before the call.
  virtual absl::StatusOr<KernelSnapshot> Read() const = 0;
  // Adds the hardening evidence so far, if it is kept, to the result of Read() or Finish(). Separate from them, since
  // it is of the whole recording: a run that ends needs none.
  virtual absl::Status ReadEvidence(KernelSnapshot& snapshot) const = 0;
  // Detaches every program, waits until none is running, drains the ring, and reads the counters. Call once.
  virtual absl::StatusOr<KernelSnapshot> Finish(EventReader& events) = 0;
};

}  // namespace syscarve
