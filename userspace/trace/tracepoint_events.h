// SPDX-License-Identifier: Apache-2.0
// The kernel's tracepoint events, opened through perf for BPF programs.
#pragma once

#include <string>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

class TracepointEvents {
 public:
  // Finds the kernel's list of events (tracefs): where it is mounted, or, with CAP_SYS_ADMIN, in a private mount
  // without a path (fsmount(2), Linux 5.2). kNotFound if the kernel has none, kPermissionDenied if it may not be read.
  static absl::StatusOr<TracepointEvents> Find();

  // A perf event for `event` ("sched/sched_process_exec") of every process on every CPU: one is enough for a BPF
  // program, which runs regardless of the CPU of the event (perf_trace_* in include/trace/perf.h runs the programs
  // before it reads the CPU's own list).
  absl::StatusOr<UniqueFd> Open(const std::string& event) const;

 private:
  explicit TracepointEvents(UniqueFd root) : root_(std::move(root)) {}

  UniqueFd root_;  // The folder that contains events/.
};

}  // namespace syscarve
