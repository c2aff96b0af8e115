// SPDX-License-Identifier: Apache-2.0
// The kernel side, loaded and attached: the only part of syscarve that knows libbpf. Create() gives a source that is
// already counting, or an error that says what the host lacks; Finish() ends it and reads the counters.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/trace/kernel_snapshot.h"
#include "userspace/trace/program_forms.h"

namespace syscarve {

struct BpfOptions {
  bool every_call = false;  // Stream every call, not only first sightings.
  bool track_denials =
      false;  // Watch exits too, to tell calls that a filter in force refused. Costs half as much again per call.
  // Make each new container's cgroup a subject, in the kernel, before its first task is there. Room is made for
  // thousands of programs, not for hundreds.
  bool enrol_containers = false;
  uint32_t max_subjects = 1;
  uint32_t max_processes = 32768;  // Of all subjects, at once. More for containers.
  Abi native = NativeAbi();
  // Whether to look for capability checks. Finding out how takes a third of the time until all is armed.
  bool capabilities = true;
};

class BpfEventSource {
 public:
  // Loads and attaches, in the cheapest form that loses nothing on this kernel, or in the one that SYSCARVE_ATTACH in
  // the environment names. kPermissionDenied (with a hint) without the rights, kFailedPrecondition or kUnimplemented
  // when the kernel cannot.
  static absl::StatusOr<std::unique_ptr<BpfEventSource>> Create(const BpfOptions& options);
  ~BpfEventSource();
  BpfEventSource(const BpfEventSource&) = delete;
  BpfEventSource& operator=(const BpfEventSource&) = delete;

  // From the next call on, tasks in the cgroup with this directory or below it belong to a new subject, and whoever
  // comes there or is forked by them, to their end, wherever they go. A process that moves into it later is in the
  // runtime phase until it execs: the next program, or, for a container, the container's program (a runtime that
  // executes itself anew is still the runtime). kNotFound when there is no such directory, kAlreadyExists when a
  // subject has this cgroup, kResourceExhausted when there are max_subjects, or their cgroups are at more than
  // RECORDER_SUBJECT_LEVELS different depths.
  // kRunning and kRunningContainer are told of what has been started before: whoever executes a program there after
  // coming from outside has joined it.
  enum class CgroupKind { kPlain, kContainer, kRunning, kRunningContainer };
  absl::StatusOr<SubjectId> FollowCgroup(const std::string& directory, CgroupKind kind);
  // A subject without a cgroup, for FollowProcess. It has begun with the process `first`.
  absl::StatusOr<SubjectId> FollowNoCgroup(pid_t first) { return AddSubject(0, CgroupKind::kRunning, first); }
  // Every cgroup that is made directly below this one is a container, whatever its name. REQUIRES:
  // options.enrol_containers.
  absl::Status EnrolChildrenOf(uint64_t cgroup_id);
  // From the next call on, this process and those it forks from now on belong to `subject`.
  absl::Status FollowProcess(pid_t process, SubjectId subject);
  // `process` is in a followed cgroup already, and is the runtime at work, still in its own root directory and under
  // its own filters: what it does until it execs the container's program is the runtime's.
  absl::Status MarkRuntime(pid_t process);

  // The processes of all subjects that have not ended, wherever they are, by their pid in our pid namespace. Asks the
  // kernel about every process of the host.
  absl::StatusOr<std::vector<pid_t>> FollowedProcesses();

  AttachForm attach_form() const;
  // Whether the kernel can take the CPU from a task in the middle of our programs: under load it then skips some, which
  // is counted.
  bool preemptible() const;

  // What this process forks from now on is a runtime at work, like what MarkRuntime() marks, until it executes a
  // program in a subject's cgroup: one that comes into a subject is never taken for its program, not in the moment of
  // coming either.
  absl::Status MarkChildren();

  // Has this thread, which reads and writes the maps, no longer preempted by ordinary tasks, where that matters: while
  // it is in one of these operations the kernel skips programs of perf and ftrace on that CPU. What this thread forks
  // from now on is an ordinary task, at nice 0. Best effort: what is skipped is counted.
  void AvoidPreemption();

  // Where capability checks are seen: "fexit", "tracepoint" or "none".
  const std::string& capability_source() const;

  // Readable when Drain() is worth calling.
  int events_fd() const;
  // Reads what the ring holds now.
  absl::Status Drain(EventReader& events);

  // Reads the counters while programs are running: what was counted when this was called is in the snapshot.
  absl::StatusOr<KernelSnapshot> Read() const;
  // Detaches every program, waits until none is running, drains the ring, then reads the counters. Call once.
  absl::StatusOr<KernelSnapshot> Finish(EventReader& events);

 private:
  struct State;
  explicit BpfEventSource(std::unique_ptr<State> state);
  static absl::StatusOr<std::unique_ptr<BpfEventSource>> CreateAs(AttachForm form, const BpfOptions& options);
  // In the cheapest form whose programs are never preempted.
  static absl::StatusOr<std::unique_ptr<BpfEventSource>> CreateUnpreempted(const BpfOptions& options);
  absl::StatusOr<SubjectId> AddSubject(uint64_t cgroup_id, CgroupKind kind, pid_t first);
  std::unique_ptr<State> state_;
};

// What this host's kernel allows, for `doctor`: how the programs are attached, or why they cannot be.
struct AttachFacts {
  AttachForm form;
  bool preemptible;
  std::string capability_source;
};
absl::StatusOr<AttachFacts> ProbeBpfRecording();
// How the last calls are waited for before the counters are read: "membarrier", "map of maps", or "none".
std::string_view ProbeLastReading();

}  // namespace syscarve
