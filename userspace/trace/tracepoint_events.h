// SPDX-License-Identifier: Apache-2.0
// The kernel's tracepoint events, to be opened for BPF programs by way of perf.
#pragma once

#include <string>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

class TracepointEvents {
 public:
  // Finds the kernel's list of events (tracefs): where it is mounted, or, with CAP_SYS_ADMIN, in a mount of our own
  // that no path leads to (fsmount(2), Linux 5.2). kNotFound when the kernel has none, kPermissionDenied when it may
  // not be looked at.
  static absl::StatusOr<TracepointEvents> Find();

  // A perf event that is `event` ("sched/sched_process_exec") of every process on every CPU: one is enough for a BPF
  // program, which then runs whichever CPU the event is on (perf_trace_* in include/trace/perf.h looks at the programs
  // before the CPU's own list).
  absl::StatusOr<UniqueFd> Open(const std::string& event) const;

 private:
  explicit TracepointEvents(UniqueFd root) : root_(std::move(root)) {}

  UniqueFd root_;  // The folder that has events/.
};

}  // namespace syscarve
