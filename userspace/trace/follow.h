// SPDX-License-Identifier: Apache-2.0
// Waiting, while a recording with BPF goes on, for what ends it: the one loop for commands, cgroups, processes and
// containers. (The supervisor of the notification backend answers calls in its own.)
#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>

#include "userspace/base/status.h"
#include "userspace/process/signals.h"
#include "userspace/trace/bpf_session.h"

namespace syscarve {

// What is waited for. Nothing set: until we are asked to end.
struct FollowUntil {
  // Whether it is over; asked at first, and then whenever something has happened. Comes before the other two.
  std::function<absl::StatusOr<bool>()> over = [] { return false; };
  int events_fd = -1;  // A cgroup.events whose changes `over` wants to see; -1 for none.
  std::optional<BpfSession::Clock::time_point> deadline;
};

enum class FollowEnd {
  kOver,
  kAskedToEnd,  // SignalForwarder::News::asked_to_end.
  kDeadline,
};

// Takes in what the kernel side tells, and passes signals on, until then. Fails as BpfSession::Wait and `over` do.
absl::StatusOr<FollowEnd> Follow(BpfSession& session, SignalForwarder& signals, const FollowUntil& until);

// Follows until `child` has ended, and passes signals on to it meanwhile. Its status as waitpid(2) has it.
absl::StatusOr<int> FollowChild(BpfSession& session, SignalForwarder& signals, pid_t child);

}  // namespace syscarve
