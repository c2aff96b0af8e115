// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/supervisor.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "userspace/base/file.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/process_tree.h"
#include "userspace/process/task_facts.h"
#include "userspace/trace/supervised_child.h"

// Newer than Debian 12's headers (Linux 6.6).
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1UL << 0)
#endif

namespace syscarve {
namespace {

using Clock = std::chrono::steady_clock;

// How long tasks may take to disappear after SIGKILL.
constexpr std::chrono::seconds kEndLimit{10};
constexpr std::chrono::milliseconds kSweepInterval{5};

// Keeps the command, and other processes of its user, out of this process's memory and descriptors: with the listener,
// or with this memory, a confined task would let its own calls through. ptrace(2), process_vm_writev(2), pidfd_getfd(2)
// and /proc/PID/{mem,fd,…} all depend on the same check (ptrace_may_access in kernel/ptrace.c), which for a process
// that cannot be dumped requires CAP_SYS_PTRACE in the user namespace that it was executed in.
class UndumpableScope {
 public:
  UndumpableScope() : before_(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)) { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
  ~UndumpableScope() {
    if (before_ == kDumpable) prctl(PR_SET_DUMPABLE, kDumpable, 0, 0, 0);
  }
  UndumpableScope(const UndumpableScope&) = delete;
  UndumpableScope& operator=(const UndumpableScope&) = delete;

 private:
  const int before_;
};

// Occupies those descriptors from 0 to 2 that the caller left closed. The supervisor's own must not get these numbers,
// which its messages and the command's output are written to; and the command must find them closed, as it would
// without a supervisor.
class StandardDescriptorsGuard {
 public:
  StandardDescriptorsGuard() {
    while (true) {
      UniqueFd fd(open("/dev/null", O_RDWR | O_CLOEXEC));
      if (!fd.valid() || fd.get() > STDERR_FILENO) break;
      held_.push_back(std::move(fd));
    }
  }

 private:
  std::vector<UniqueFd> held_;
};

class Supervisor {
 public:
  Supervisor(const Command& command, NotificationHandler& handler, SignalForwarder& signals,
             const SuperviseOptions& options)
      : command_(command),
        handler_(handler),
        signals_(signals),
        options_(options),
        programs_(command.identity.has_value() ? command.identity->uid : geteuid(),
                  command.identity.has_value() ? command.identity->gid : getegid(), proc_is_ours_) {}

  absl::Status Start(std::span<const sock_filter> filter);
  SuperviseOutcome Run();

 private:
  absl::Status AwaitListener();
  void ServeOne();
  void CountInterrupted(uint64_t cookie);
  void Respond(const Notification& notification, uint64_t cookie);
  bool IsSetUp(const Notification& notification);
  void ReportStart(const Program& program, bool privileges_withheld);
  bool StillWaiting(uint64_t cookie) const;
  bool Send(uint64_t cookie, const Response& response);
  void SendSigsys(pid_t task, uint64_t cookie, bool may_handle);
  void Reap();
  void CommandEnded(int wait_status);
  void GiveUp(absl::Status why);
  void KillRemaining();

  const Command& command_;
  NotificationHandler& handler_;
  SignalForwarder& signals_;
  const SuperviseOptions& options_;
  UndumpableScope undumpable_;  // Outlives the listener.
  StandardDescriptorsGuard standard_descriptors_;
  SubreaperScope subreaper_;
  SharedPage page_;
  const bool proc_is_ours_ = ProcIsOurs();
  ProgramLookup programs_;

  UniqueFd listener_;
  std::vector<uint64_t> notification_buffer_;
  std::vector<uint64_t> response_buffer_;
  uint64_t received_ = 0;  // Notifications received, with numbers in this range:
  uint64_t first_cookie_ = 0;
  uint64_t last_cookie_ = 0;

  pid_t child_ = 0;                    // 0 once it is reaped.
  pid_t command_pid_ = 0;              // The same, kept after that.
  bool started_ = false;               // The command's program runs.
  std::optional<seccomp_data> start_;  // The command's execve, allowed and not yet known to have succeeded.
  bool killed_command_ = false;
  const Clock::time_point start_time_ = Clock::now();
  bool children_left_ = true;
  std::optional<Clock::time_point> grace_end_;
  std::optional<Clock::time_point> end_limit_;
  Clock::time_point next_sweep_;
  DescendantKiller ender_;
  SuperviseOutcome outcome_;
};

// Reads while the task of one notification waits.
class NotifiedMemory : public WaitingMemory {
 public:
  NotifiedMemory(int listener, uint64_t cookie, pid_t task) : listener_(listener), cookie_(cookie), task_(task) {}

  std::optional<TaskString> StringAt(uint64_t address) const override {
    std::optional<TaskString> text = ReadTaskString(task_, address, PATH_MAX);
    return WasTheTasks() ? text : std::nullopt;
  }

  std::optional<uint64_t> WordAt(uint64_t address) const override {
    const std::optional<uint64_t> word = ReadTaskWord(task_, address);
    return WasTheTasks() ? word : std::nullopt;
  }

  std::optional<std::string> BytesAt(uint64_t address, size_t size) const override {
    std::optional<std::string> bytes = ReadTaskBytes(task_, address, size);
    return WasTheTasks() ? bytes : std::nullopt;
  }

  std::optional<OpenFile> FileOf(unsigned descriptor) const override {
    std::optional<OpenFile> file = ReadOpenFile(task_, descriptor);
    return WasTheTasks() ? file : std::nullopt;
  }

 private:
  // Only a check after the read proves that it was this task's memory, not that of a later one with the same number.
  bool WasTheTasks() const {
    uint64_t cookie = cookie_;
    return ioctl(listener_, SECCOMP_IOCTL_NOTIF_ID_VALID, &cookie) == 0;
  }

  int listener_;
  uint64_t cookie_;
  pid_t task_;
};

absl::Status Supervisor::Start(std::span<const sock_filter> filter) {
  SYSCARVE_RETURN_IF_ERROR(ProbeUserNotification());
  if (!page_.valid()) return PosixError("mmap", errno);
  seccomp_notif_sizes sizes = {};
  if (SeccompOperation(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0) return PosixError("SECCOMP_GET_NOTIF_SIZES", errno);
  // The kernel's structs may have grown since this was compiled; the kernel writes its own size.
  const auto words = [](size_t ours, size_t kernels) { return (std::max(ours, kernels) + 7) / 8; };
  notification_buffer_.resize(words(sizeof(seccomp_notif), sizes.seccomp_notif));
  response_buffer_.resize(words(sizeof(seccomp_notif_resp), sizes.seccomp_notif_resp));

  const ExecImage image(command_);
  const sock_fprog program{.len = static_cast<unsigned short>(filter.size()),
                           .filter = const_cast<sock_filter*>(filter.data())};
  // The child shares this process's descriptor table until its execve gives it one of its own. So the listener that the
  // kernel adds to the child's table is in this one, too, without a message that the filter would stop, and in the
  // child it never outlives the execve.
  const long pid = syscall(SYS_clone, static_cast<unsigned long>(CLONE_FILES | SIGCHLD), 0, 0, 0, 0);
  if (pid == 0) RunChild(*page_, image, program, options_.withhold_ptrace);
  if (pid < 0) return PosixError("clone", errno);
  child_ = command_pid_ = static_cast<pid_t>(pid);
  return AwaitListener();
}

absl::Status Supervisor::AwaitListener() {
  auto pause = std::chrono::microseconds(20);
  while (true) {
    // Its death is read first: what the child wrote before it died is then complete.
    int wait_status = 0;
    const bool died = waitpid(child_, &wait_status, WNOHANG) == child_;
    if (page_->set_up_error.load(std::memory_order_acquire) != 0) {
      if (!died) waitpid(child_, &wait_status, 0);
      child_ = 0;
      return SetUpStatus(*page_, command_);
    }
    listener_ = UniqueFd(page_->listener.load(std::memory_order_acquire));
    if (died && !listener_.valid()) {
      // Killed by a signal before it executed anything: Ctrl-C at the very start.
      child_ = 0;
      children_left_ = false;
      outcome_.wait_status = wait_status;
      outcome_.status = ShellStatus(wait_status);
      return absl::OkStatus();
    }
    if (died) {
      // None of its calls was to be notified, so it did not wait. The processes that it left behind are to be ended
      // here.
      CommandEnded(wait_status);
      Reap();
    }
    if (listener_.valid()) break;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(1000));
  }
  // Switches directly to the waiting task and back, which makes a round trip several times faster; older kernels do not
  // support it.
  ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
  signals_.SetTarget(child_);
  return absl::OkStatus();
}

SuperviseOutcome Supervisor::Run() {
  if (absl::Status started = options_.on_started(); !started.ok()) GiveUp(std::move(started));
  while (children_left_) {
    int timeout = -1;
    const Clock::time_point now = Clock::now();
    if (end_limit_.has_value()) {
      if (now >= *end_limit_) break;
      if (now >= next_sweep_) {
        outcome_.left = ender_.Sweep();
        next_sweep_ = now + kSweepInterval;
      }
      timeout = static_cast<int>(kSweepInterval.count());
    } else if (grace_end_.has_value()) {
      if (now >= *grace_end_) {
        KillRemaining();
        continue;
      }
      timeout = static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(*grace_end_ - now).count());
    } else if (options_.limit.has_value()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(start_time_ + *options_.limit - now);
      if (left.count() <= 0) {
        outcome_.over_limit = true;
        KillRemaining();
        continue;
      }
      // poll's timeout is an int of milliseconds.
      timeout = static_cast<int>(std::min<int64_t>(left.count(), INT32_MAX));
    }

    pollfd watched[] = {{.fd = listener_.get(), .events = POLLIN}, {.fd = signals_.fd(), .events = POLLIN}};
    if (poll(watched, std::size(watched), timeout) < 0) {
      if (errno == EINTR) continue;
      GiveUp(PosixError("poll", errno));
      continue;
    }
    if (watched[1].revents != 0) {
      const SignalForwarder::News events = signals_.HandlePending();
      if (events.child_changed) Reap();
      outcome_.asked_to_end |= events.target_asked_to_end;
      if (events.asked_to_end && grace_end_.has_value()) grace_end_ = Clock::now();
    }
    if ((watched[0].revents & POLLIN) != 0) {
      ServeOne();
    } else if (watched[0].revents != 0) {
      // The last task that could make a call has gone; what remains is to reap.
      listener_.reset();
    }
  }
  if (!children_left_) outcome_.left = 0;
  outcome_.programs_known = proc_is_ours_;
  if (children_left_ && !proc_is_ours_ && outcome_.complete.ok()) {
    outcome_.complete = absl::FailedPreconditionError(
        "processes that outlived the command could not be found to be ended, because /proc is not of this pid "
        "namespace");
  }
  outcome_.ended = ender_.ended();
  outcome_.exec_error = page_->exec_error.load(std::memory_order_acquire);
  return outcome_;
}

void Supervisor::ServeOne() {
  std::ranges::fill(notification_buffer_, 0);  // Required by the kernel.
  const auto& received = *reinterpret_cast<const seccomp_notif*>(notification_buffer_.data());
  if (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_RECV, notification_buffer_.data()) != 0) {
    // ENOENT: the task was killed or interrupted before the notification was received.
    if (errno != ENOENT && errno != EINTR) GiveUp(PosixError("receive a seccomp notification", errno));
    return;
  }
  CountInterrupted(received.id);
  const auto task = static_cast<pid_t>(received.pid);
  const KnownProgram& known = programs_.OfTask(task);
  // Only this proves that the data of /proc are this task's, not those of a later one with the same number.
  if (!StillWaiting(received.id)) return;
  const NotifiedMemory memory(listener_.get(), received.id, task);
  Respond({.task = task,
           .id = SyscallIdFromSeccompData(received.data.arch, received.data.nr),
           .data = received.data,
           .program = known.program,
           .privileges_withheld = known.privileged,
           .memory = &memory},
          received.id);
}

// The kernel numbers notifications consecutively (kernel/seccomp.c, next_id), so a number between the first and the
// last that never arrives is a notification that was withdrawn before it could be received. They arrive in that order
// since Linux 5.19, and newest first before that. Implausible numbers, should the scheme ever change, are ignored.
void Supervisor::CountInterrupted(uint64_t cookie) {
  constexpr uint64_t kImplausible = 1 << 20;
  if (end_limit_.has_value()) return;
  if (received_ == 0) first_cookie_ = last_cookie_ = cookie;
  if (cookie + kImplausible < first_cookie_ || cookie > last_cookie_ + kImplausible) return;
  first_cookie_ = std::min(first_cookie_, cookie);
  last_cookie_ = std::max(last_cookie_, cookie);
  ++received_;
  outcome_.interrupted = last_cookie_ - first_cookie_ + 1 - received_;
}

void Supervisor::Respond(const Notification& notification, uint64_t cookie) {
  if (!started_ && notification.task == command_pid_) {
    if (page_->exec_error.load(std::memory_order_acquire) != 0) {
      // The execve has failed, and this is the child on its way out.
      start_.reset();
      Send(cookie, {});
      return;
    }
    if (IsSetUp(notification)) {
      const KnownProgram& target = programs_.OfFile(command_.path.c_str());
      const Notification start{.task = notification.task,
                               .id = notification.id,
                               .data = notification.data,
                               .program = target.program,
                               .privileges_withheld = target.privileged,
                               .starts_command = true,
                               .memory = notification.memory};
      const Response response = handler_.Decide(start);
      if (response.kind == Response::Kind::kContinue) {
        if (Send(cookie, response)) start_ = notification.data;
        return;
      }
      outcome_.start_refused = true;
      if (response.kind == Response::Kind::kFail) {
        Send(cookie, response);
      } else {
        SendSigsys(start.task, cookie, /*may_handle=*/false);
      }
      handler_.Delivered(start, response);
      return;
    }
    started_ = true;
    ReportStart(notification.program, notification.privileges_withheld);
  }

  const Response response = handler_.Decide(notification);
  switch (response.kind) {
    case Response::Kind::kContinue:
    case Response::Kind::kFail:
      // If the task was interrupted or killed, the call was not made; a restarted call is notified again.
      if (!Send(cookie, response)) return;
      break;
    case Response::Kind::kTrap:
    case Response::Kind::kKill:
      SendSigsys(notification.task, cookie, response.kind == Response::Kind::kTrap);
      break;
  }
  handler_.Delivered(notification, response);
}

// Whether this is the child's own execve, not yet a call of the command: the executable is this process's.
bool Supervisor::IsSetUp(const Notification& notification) {
  const SyscallId execve{NativeAbi(), SYS_execve};
  if (notification.id != execve) return false;
  return proc_is_ours_ ? notification.program == programs_.OfTask(getpid()).program : !start_.has_value();
}

void Supervisor::ReportStart(const Program& program, bool privileges_withheld) {
  if (!start_.has_value()) return;
  const seccomp_data data = *std::exchange(start_, std::nullopt);
  handler_.Delivered({.task = command_pid_,
                      .id = SyscallIdFromSeccompData(data.arch, data.nr),
                      .data = data,
                      .program = program,
                      .privileges_withheld = privileges_withheld,
                      .starts_command = true},
                     {});
}

bool Supervisor::StillWaiting(uint64_t cookie) const {
  return ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_ID_VALID, &cookie) == 0;
}

// Returns whether the response reached the task.
bool Supervisor::Send(uint64_t cookie, const Response& response) {
  std::ranges::fill(response_buffer_, 0);
  auto& answer = *reinterpret_cast<seccomp_notif_resp*>(response_buffer_.data());
  answer.id = cookie;
  if (response.kind == Response::Kind::kContinue) {
    answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  } else {
    answer.error = -response.errno_value;
  }
  while (ioctl(listener_.get(), SECCOMP_IOCTL_NOTIF_SEND, &answer) != 0) {
    if (errno == EINTR) continue;
    if (errno != ENOENT) {  // ENOENT: the task no longer waits.
      GiveUp(WithHint(PosixError("answer a seccomp notification", errno), "Letting a call through needs Linux 5.5."));
    }
    return false;
  }
  return true;
}

// Does from outside, as closely as possible, what the kernel does for SECCOMP_RET_TRAP and SECCOMP_RET_KILL_PROCESS:
// sends SIGSYS where it is certain to be fatal (or, for a trap, to run its handler), SIGKILL otherwise. The call itself
// fails with ENOSYS, and the signal takes effect before the task's next instruction.
void Supervisor::SendSigsys(pid_t task, uint64_t cookie, bool may_handle) {
  if (!proc_is_ours_) {
    if (!StillWaiting(cookie)) return;
    // Its process is unknown; SIGKILL to one thread ends all threads of its process.
    if (task == child_) killed_command_ = true;
    syscall(SYS_tkill, task, SIGKILL);
    Send(cookie, {.kind = Response::Kind::kFail, .errno_value = ENOSYS});
    return;
  }
  const std::optional<SignalState> state = ReadSignalState(task);
  const UniqueFd process(state.has_value() ? static_cast<int>(syscall(SYS_pidfd_open, state->process, 0)) : -1);
  // It may be gone already, and the numbers reused.
  if (!StillWaiting(cookie)) return;
  if (!process.valid()) {
    GiveUp(absl::InternalError("a process that the profile kills cannot be reached through /proc"));
    return;
  }
  if (may_handle && state->handled && !state->blocked) {
    syscall(SYS_tgkill, state->process, task, SIGSYS);
  } else {
    // Another thread could install a handler between the check and the signal.
    const bool fatal = state->alone && !state->handled && !state->blocked && !state->ignored && !state->namespace_init;
    syscall(SYS_pidfd_send_signal, process.get(), fatal ? SIGSYS : SIGKILL, nullptr, 0);
    if (state->process == child_) killed_command_ = true;
  }
  Send(cookie, {.kind = Response::Kind::kFail, .errno_value = ENOSYS});
}

// Reaps every child that has ended: the command, and orphans reparented to this process.
void Supervisor::Reap() {
  while (true) {
    int wait_status = 0;
    const pid_t pid = waitpid(-1, &wait_status, __WALL | WNOHANG);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) children_left_ = false;
    if (pid <= 0) return;
    if (pid == child_) CommandEnded(wait_status);
  }
}

void Supervisor::CommandEnded(int wait_status) {
  child_ = 0;
  signals_.SetTarget(0);
  grace_end_ = Clock::now() + options_.grace;
  outcome_.wait_status = killed_command_ && WIFSIGNALED(wait_status) ? SIGSYS : wait_status;
  outcome_.status = ShellStatus(outcome_.wait_status);
  if (page_->exec_error.load(std::memory_order_acquire) == 0) {
    // It was started but made no call: its first instruction was its last.
    const KnownProgram& target = programs_.OfFile(command_.path.c_str());
    ReportStart(target.program, target.privileged);
  }
}

// Without a listener the kernel fails every notified call with ENOSYS: the tree can do no further useful work.
void Supervisor::GiveUp(absl::Status why) {
  if (outcome_.complete.ok()) outcome_.complete = std::move(why);
  listener_.reset();
  KillRemaining();
}

void Supervisor::KillRemaining() {
  if (end_limit_.has_value()) return;
  end_limit_ = Clock::now() + kEndLimit;
  next_sweep_ = Clock::now();
}

}  // namespace

absl::StatusOr<SuperviseOutcome> Supervise(const Command& command, std::span<const sock_filter> filter,
                                           NotificationHandler& handler, SignalForwarder& signals,
                                           const SuperviseOptions& options) {
  Supervisor supervisor(command, handler, signals, options);
  SYSCARVE_RETURN_IF_ERROR(supervisor.Start(filter));
  return supervisor.Run();
}

absl::Status ExecFailure(const Command& command, int exec_error) {
  const absl::Status status = PosixError("execute " + command.path, exec_error);
  // The command's file exists: what was not found is the interpreter named by its first line or its ELF header.
  return exec_error == ENOENT ? WithHint(status, "The interpreter that it names may be missing.") : status;
}

std::vector<sock_filter> NotifyEveryCall() {
  return {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)};
}

std::vector<sock_filter> NotifyUnlessAllowed(std::span<const sock_filter> filter) {
  std::vector<sock_filter> result(filter.begin(), filter.end());
  for (sock_filter& instruction : result) {
    if (BPF_CLASS(instruction.code) != BPF_RET) continue;
    const bool allows = BPF_RVAL(instruction.code) == BPF_K && instruction.k == SECCOMP_RET_ALLOW;
    if (!allows) instruction = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
  }
  return result;
}

absl::Status ProbeUserNotification() {
  uint32_t action = SECCOMP_RET_USER_NOTIF;
  seccomp_notif_sizes sizes = {};
  if (SeccompOperation(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0 &&
      SeccompOperation(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0) {
    return absl::OkStatus();
  }
  const int error = errno;
  if (error == EPERM || error == EACCES) {
    return WithHint(PosixError("seccomp", error), "A sandbox around syscarve forbids the seccomp system call.");
  }
  return absl::FailedPreconditionError(
      "this kernel has no seccomp user notification. Hint: Linux 5.5 or newer with CONFIG_SECCOMP_FILTER is needed.");
}

}  // namespace syscarve
