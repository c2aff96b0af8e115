// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/live_filter.h"

#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/task_status.h"

namespace syscarve {
namespace {

constexpr std::chrono::seconds kLongestStop(5);
constexpr size_t kMaxFilters = 4096;  // The kernel stops at 32768 instructions over all of them.

// The first word of a field of /proc/TASK/status, or "" without one.
std::string StatusField(std::string_view task, std::string_view field) {
  const std::optional<TaskStatus> status = TaskStatus::Of(task);
  if (!status.has_value()) return "";
  const std::vector<std::string_view> words = status->Words(field);
  return words.empty() ? "" : std::string(words.front());
}

absl::Status Gone(pid_t task) {
  return absl::NotFoundError(Concat("process ", task, " ended while its filters were being read"));
}

// An attachment to a task, which is detached at the end of the scope.
class Attachment {
 public:
  explicit Attachment(pid_t task) : task_(task) {}
  Attachment(const Attachment&) = delete;
  Attachment& operator=(const Attachment&) = delete;
  // A task that did not stop is detached only when it does stop, or when this process ends, whichever is first.
  ~Attachment() {
    if (attached_) ptrace(PTRACE_DETACH, task_, nullptr, static_cast<long>(signal_));
  }

  absl::Status Attach() {
    // Unlike PTRACE_ATTACH it sends no signal.
    if (ptrace(PTRACE_SEIZE, task_, nullptr, nullptr) == 0) {
      attached_ = true;
      return absl::OkStatus();
    }
    const int error = errno;
    const std::string who = std::to_string(task_);
    if (error == ESRCH) return absl::NotFoundError(Concat("there is no process ", task_));
    if (const std::string state = StatusField(who, "State"); state == "Z" || state == "X") {
      return absl::NotFoundError(Concat("process ", task_, " has ended"));
    }
    if (const std::string tracer = StatusField(who, "TracerPid"); !tracer.empty() && tracer != "0") {
      return WithHint(absl::FailedPreconditionError(Concat("process ", task_, " is traced by process ", tracer,
                                                           ", and a process has one tracer")),
                      "End the debugger or strace first.");
    }
    return WithHint(PosixError(Concat("trace process ", task_), error),
                    "Run as root; kernel threads and, where Yama says so, other processes cannot be traced.");
  }

  absl::Status Stop() {
    if (ptrace(PTRACE_INTERRUPT, task_, nullptr, nullptr) != 0) return Gone(task_);
    // Readable only at the task's end; the time-outs are the pauses between polls.
    const UniqueFd end(static_cast<int>(syscall(SYS_pidfd_open, task_, 0)));
    const auto deadline = std::chrono::steady_clock::now() + kLongestStop;
    constexpr std::chrono::nanoseconds kLongestPause = std::chrono::milliseconds(20);
    for (std::chrono::nanoseconds pause = std::chrono::microseconds(10);; pause = std::min(2 * pause, kLongestPause)) {
      int status = 0;
      const pid_t waited = waitpid(task_, &status, __WALL | WNOHANG);
      if (waited < 0 && errno != EINTR) return Lost();
      if (waited == task_) {
        if (!WIFSTOPPED(status)) return Lost();
        // Stopped by PTRACE_INTERRUPT, or by a signal that came first and must be delivered.
        if (status >> 16 == 0) signal_ = WSTOPSIG(status);
        return absl::OkStatus();
      }
      if (std::chrono::steady_clock::now() > deadline) {
        return WithHint(absl::FailedPreconditionError(Concat("process ", task_, " does not stop")),
                        "It waits in the kernel for something that does not end, such as a dead file server.");
      }
      pollfd poll_end{.fd = end.get(), .events = POLLIN};
      const timespec time_out{.tv_nsec = pause.count()};
      ppoll(&poll_end, 1, &time_out, nullptr);
    }
  }

  absl::StatusOr<std::vector<std::vector<sock_filter>>> Filters() {
    std::vector<std::vector<sock_filter>> filters;
    // Index 0 is the oldest filter, contrary to ptrace(2).
    for (unsigned long index = 0; index < kMaxFilters; ++index) {
      const long length = ptrace(PTRACE_SECCOMP_GET_FILTER, task_, index, nullptr);
      if (length < 0 && errno == ENOENT) break;
      if (length < 0) return GetError(errno);
      std::vector<sock_filter> filter(static_cast<size_t>(length));
      if (ptrace(PTRACE_SECCOMP_GET_FILTER, task_, index, filter.data()) != length) return GetError(errno);
      filters.insert(filters.begin(), std::move(filter));
    }
    return filters;
  }

 private:
  absl::Status Lost() {
    attached_ = false;
    return Gone(task_);
  }

  absl::Status GetError(int error) const {
    const std::string what = Concat("read the filters of process ", task_);
    switch (error) {
      case ESRCH:
        return Gone(task_);
      case EINVAL:
        return absl::AbortedError(Concat("process ", task_, " runs under no seccomp filter"));
      case EACCES:
        if (StatusField("self", "Seccomp") != "0") {
          return WithHint(absl::FailedPreconditionError(
                              Concat(what, ": the kernel does not tell a process that is itself under a filter")),
                          "Run syscarve outside the container or sandbox.");
        }
        return WithHint(PosixError(what, EPERM), "Run syscarve with sudo: it needs CAP_SYS_ADMIN.");
      case EIO:
        return WithHint(absl::UnimplementedError(Concat(what, ": the kernel cannot tell")),
                        "It must be built with CONFIG_CHECKPOINT_RESTORE.");
      case EMEDIUMTYPE:
        return absl::UnimplementedError(Concat(what, ": one of them was not loaded as classic BPF"));
      default:
        return PosixError(what, error);
    }
  }

  pid_t task_;
  bool attached_ = false;
  int signal_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<std::vector<sock_filter>>> ReadLiveFilters(pid_t task) {
  if (task <= 0) return absl::InvalidArgumentError(Concat("a process id is greater than 0, not ", task));
  // A task without filters is recognised without stopping it.
  const std::string mode = StatusField(std::to_string(task), "Seccomp");
  const std::string state = StatusField(std::to_string(task), "State");
  if (mode == "0" && state != "Z" && state != "X") {
    return absl::AbortedError(Concat("process ", task, " runs under no seccomp filter"));
  }
  if (mode == "1") {
    return absl::AbortedError(
        Concat("process ", task,
               " runs in seccomp's strict mode, which has no filter: it may read, write, exit and "
               "return from signals"));
  }
  if (task == getpid()) {
    return absl::FailedPreconditionError("a process cannot trace itself");
  }
  Attachment attachment(task);
  SYSCARVE_RETURN_IF_ERROR(attachment.Attach());
  SYSCARVE_RETURN_IF_ERROR(attachment.Stop());
  return attachment.Filters();
}

}  // namespace syscarve
