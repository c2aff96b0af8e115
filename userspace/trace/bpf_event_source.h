// SPDX-License-Identifier: Apache-2.0
// The kernel side, loaded and attached: the only part of syscarve that uses libbpf. Create() returns a source that is
// already counting, or an error that names what the host lacks; Finish() ends it and reads the counters.
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
#include "userspace/trace/kernel_source.h"
#include "userspace/trace/program_forms.h"

namespace syscarve {

class BpfEventSource final : public KernelSource {
 public:
  // Loads and attaches the programs, in the cheapest form without losses on this kernel, or in the one named by
  // SYSCARVE_ATTACH in the environment. kPermissionDenied (with a hint) without the rights, kFailedPrecondition or
  // kUnimplemented if the kernel does not support it.
  static absl::StatusOr<std::unique_ptr<BpfEventSource>> Create(const BpfOptions& options);
  ~BpfEventSource() override;
  BpfEventSource(const BpfEventSource&) = delete;
  BpfEventSource& operator=(const BpfEventSource&) = delete;

  absl::StatusOr<SubjectId> FollowCgroup(const std::string& directory, CgroupKind kind) override;
  absl::StatusOr<SubjectId> FollowNoCgroup(pid_t first) override { return AddSubject(0, CgroupKind::kRunning, first); }
  absl::Status EnrolChildrenOf(const std::string& directory) override;
  absl::Status FollowProcess(pid_t process, SubjectId subject) override;
  absl::Status MarkRuntime(pid_t process) override;
  absl::Status MarkChildren() override;
  absl::StatusOr<std::vector<pid_t>> FollowedProcesses() override;

  AttachForm attach_form() const override;
  const std::string& capability_source() const override;
  // Whether the kernel can preempt a task in the middle of the recorder's programs: under load it then skips some runs,
  // which are counted.
  bool preemptible() const;

  void AvoidPreemption() override;

  int events_fd() const override;
  absl::Status Drain(EventReader& events) override;
  absl::StatusOr<KernelSnapshot> Read() const override;
  absl::Status ReadEvidence(KernelSnapshot& snapshot) const override;
  absl::StatusOr<KernelSnapshot> Finish(EventReader& events) override;

 private:
  struct State;
  explicit BpfEventSource(std::unique_ptr<State> state);
  static absl::StatusOr<std::unique_ptr<BpfEventSource>> CreateAs(AttachForm form, const BpfOptions& options);
  // As Create, in the cheapest form whose programs are never preempted.
  static absl::StatusOr<std::unique_ptr<BpfEventSource>> CreateUnpreempted(const BpfOptions& options);
  absl::StatusOr<SubjectId> AddSubject(uint64_t cgroup_id, CgroupKind kind, pid_t first);
  std::unique_ptr<State> state_;
};

// What this host's kernel allows, for `doctor`: how the programs are attached. An error: why they cannot be.
struct AttachFacts {
  AttachForm form;
  bool preemptible;
  std::string capability_source;
};
absl::StatusOr<AttachFacts> ProbeBpfRecording();
// How the end of running programs is awaited before the counters are read: "membarrier", "map of maps", or "none".
std::string_view ProbeLastReading();

}  // namespace syscarve
