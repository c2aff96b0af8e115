// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/follow.h"

#include <poll.h>
#include <sys/wait.h>

#include <utility>
#include <vector>

namespace syscarve {

absl::StatusOr<FollowEnd> Follow(BpfSession& session, SignalForwarder& signals, const FollowUntil& until) {
  SignalForwarder::News news;
  while (true) {
    SYSCARVE_ASSIGN_OR_RETURN(const bool over, until.over());
    if (over) return FollowEnd::kOver;
    if (news.asked_to_end) return FollowEnd::kAskedToEnd;
    if (until.deadline.has_value() && BpfSession::Clock::now() >= *until.deadline) return FollowEnd::kDeadline;
    std::vector<pollfd> descriptors = {{.fd = signals.fd(), .events = POLLIN}};
    if (until.events_fd >= 0) descriptors.push_back({.fd = until.events_fd, .events = POLLPRI});
    SYSCARVE_RETURN_IF_ERROR(session.Wait(descriptors, until.deadline));
    news = signals.HandlePending();
  }
}

absl::StatusOr<int> FollowChild(BpfSession& session, SignalForwarder& signals, pid_t child) {
  signals.SetTarget(child);
  int status = 0;
  bool waited = false;
  // The ring is read once before that: events during the child's start are handled before its end. If it has ended by
  // now, its SIGCHLD is still unread, so the first wait returns at once.
  const auto ended = [&]() -> absl::StatusOr<bool> {
    return std::exchange(waited, true) && waitpid(child, &status, WNOHANG) == child;
  };
  SYSCARVE_RETURN_IF_ERROR(Follow(session, signals, {.over = ended}).status());
  signals.SetTarget(0);
  return status;
}

}  // namespace syscarve
