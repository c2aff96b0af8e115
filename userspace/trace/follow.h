// SPDX-License-Identifier: Apache-2.0
// Waits, during a recording with BPF, for its end: the one loop for commands, cgroups, processes and containers. (The
// supervisor of the notification backend has its own.)
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

#include "userspace/base/status.h"
#include "userspace/process/signals.h"
#include "userspace/trace/bpf_session.h"

namespace syscarve {

// The conditions that end the wait. Default: until a signal requests the end.
struct FollowUntil {
  // Whether it is over; called first, and then after every event. Takes precedence over the other two.
  std::function<absl::StatusOr<bool>()> over = [] { return false; };
  int events_fd = -1;  // A cgroup.events with changes that affect `over`; -1 for none.
  std::optional<BpfSession::Clock::time_point> deadline;
};

enum class FollowEnd {
  kOver,
  kAskedToEnd,  // SignalForwarder::News::asked_to_end.
  kDeadline,
};

// Reads the kernel side's events and forwards signals until one of the conditions holds. Fails as BpfSession::Wait and
// `over` do.
absl::StatusOr<FollowEnd> Follow(BpfSession& session, SignalForwarder& signals, const FollowUntil& until);

// Follows until `child` has ended, forwarding signals to it. Returns its waitpid(2) status.
absl::StatusOr<int> FollowChild(BpfSession& session, SignalForwarder& signals, pid_t child);

}  // namespace syscarve
