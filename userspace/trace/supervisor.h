// SPDX-License-Identifier: Apache-2.0
// Runs a command under a seccomp filter whose SECCOMP_RET_USER_NOTIF calls are decided here, in user space
// (seccomp_unotify(2)). It needs no privilege: calls are recorded or confined this way where BPF may not be loaded.
//
// The kernel stops the calling task before the call is made, notifies this process, and waits for the response: let the
// call through, fail it with an errno, or end the process. So no call can be missed, regardless of the number and
// lifetime of tasks; the price is a round trip per notified call (docs/notify-backend.md). Children inherit the filter
// and cannot remove it.
//
//   class Counter : public NotificationHandler { … };
//   SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
//   Counter counter;
//   SYSCARVE_ASSIGN_OR_RETURN(SuperviseOutcome outcome, Supervise(command, NotifyEveryCall(), counter, signals, {}));
//
// While it runs, this process cannot be dumped, traced or read by other processes of its user, and so by none of the
// confined tasks.
//
// Requires Linux 5.5; since 5.19 a signal does not interrupt a call whose notification has been received.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/recording.h"
#include "userspace/process/command.h"
#include "userspace/process/open_file.h"
#include "userspace/process/signals.h"
#include "userspace/process/task_memory.h"

namespace syscarve {

// The memory, and the descriptors, of a task that waits for its response.
class WaitingMemory {
 public:
  virtual ~WaitingMemory() = default;
  // At most PATH_MAX bytes up to the NUL; nullopt if they cannot be read, or the task no longer waits. This is the
  // memory's content at that moment: another thread may change it before the kernel reads it, so no decision may be
  // based on it.
  virtual std::optional<TaskString> StringAt(uint64_t address) const = 0;
  // The 64-bit word there, likewise.
  virtual std::optional<uint64_t> WordAt(uint64_t address) const = 0;
  // `size` bytes, likewise.
  virtual std::optional<std::string> BytesAt(uint64_t address, size_t size) const = 0;
  // The file of its descriptor, likewise.
  virtual std::optional<OpenFile> FileOf(unsigned descriptor) const = 0;
};

// One call that waits for its response. References are valid during the callback.
struct Notification {
  pid_t task = 0;               // The calling thread; 0 if it is not visible in the supervisor's pid namespace.
  std::optional<SyscallId> id;  // nullopt for an unsupported architecture, or a negative number, which is no call.
  const seccomp_data&
      data;  // As the filter saw it. Arguments are registers: memory behind pointers may change at any time.
  const Program& program;  // The task's executable; empty if /proc does not show it.
  // The program's file is set-user-ID, set-group-ID or has capabilities that the task did not gain: no_new_privs is in
  // force.
  bool privileges_withheld = false;
  // The execve that starts the command itself. In Decide, `program` is the program about to be executed.
  bool starts_command = false;
  const WaitingMemory* memory = nullptr;  // In Decide only.
};

struct Response {
  enum class Kind {
    kContinue,  // The call is made.
    kFail,      // It is not; it returns -1 and `errno_value`, or 0 if that is 0.
    kTrap,      // It is not; SIGSYS is sent. Its handler sees SI_TKILL, not SYS_SECCOMP, which only the kernel may
                // set.
    kKill,      // It is not; the process dies as with SECCOMP_RET_KILL_PROCESS.
  };
  Kind kind = Kind::kContinue;
  int errno_value = 0;
};

class NotificationHandler {
 public:
  virtual ~NotificationHandler() = default;
  // Chooses the response. May be called twice for one call: a call interrupted by a signal is notified again when it is
  // restarted.
  virtual Response Decide(const Notification& notification) = 0;
  // The response has reached the task: so what was read of it in Decide, including /proc, was of this task. Called once
  // per call, so this is the place to count. For the execve that starts the command it is called once that is known to
  // have succeeded, with the program that it started, and never if it failed; if it was refused, at once.
  virtual void Delivered(const Notification& notification, const Response& response) = 0;
};

struct SuperviseOptions {
  // How long tasks may outlive the command before they are killed.
  std::chrono::milliseconds grace{5000};
  // How long the command may run; after that it is ended with all its descendants.
  std::optional<std::chrono::milliseconds> limit;
  // Called once the command's process is under its filter, before any data of it is read: the time to give up
  // privileges. Supervision reads links in other users' /proc/PID (CAP_SYS_PTRACE) and ends processes (CAP_KILL).
  std::function<absl::Status()> on_started = [] { return absl::OkStatus(); };
  // Drops CAP_SYS_PTRACE from the command: with it, root's command can attach to the supervisor and respond to its own
  // calls. Without it no call allows that (docs/run.md); an ordinary user's command cannot either way.
  bool withhold_ptrace = false;
};

struct SuperviseOutcome {
  int status = 0;              // The command's status as a shell reports it; 128 + SIGSYS if the supervisor killed it.
  int wait_status = 0;         // The same as a wait(2) status.
  int exec_error = 0;          // The errno of the command's failed execve; 0 if it was started.
  bool start_refused = false;  // Decide did not let the command's own execve through.
  bool over_limit = false;     // The command was ended because its time was up.
  bool asked_to_end = false;   // The supervisor received a signal that ends programs, and forwarded it.
  uint64_t ended = 0;          // Processes that were left after the grace period and were ended.
  uint64_t left = 0;           // Processes that could not be ended: they are stuck in the kernel.
  // Calls that a signal interrupted, or that ended with their task, in the microseconds before their notification was
  // received. None of them was made. The kernel restarts the interrupted ones unless the signal has a handler without
  // SA_RESTART: then the program saw EINTR, even from a call that never fails with it by itself.
  uint64_t interrupted = 0;
  // False if /proc is absent or another pid namespace's: then no Notification has a program, and processes that outlive
  // the command cannot be ended.
  bool programs_known = true;
  absl::Status complete;  // OK, or why supervision had to stop before the last task's last call.
};

// Runs `command` under `filter` and no_new_privs until the last task of its process tree has ended, and reaps them all.
// Fails if the host or the set-up prevented the command's start; the outcome has the result of a command that was to be
// executed. `filter` is installed before the command's execve, which is the first call that counts; the child's calls
// before it are not the command's. REQUIRES: a caller with one thread and no other children.
absl::StatusOr<SuperviseOutcome> Supervise(const Command& command, std::span<const sock_filter> filter,
                                           NotificationHandler& handler, SignalForwarder& signals,
                                           const SuperviseOptions& options);

// The reason why the command could not be executed, from SuperviseOutcome::exec_error: kNotFound or another code, as
// expected by ExitCodeForCommandError.
absl::Status ExecFailure(const Command& command, int exec_error);

// A filter that notifies every call of every ABI.
std::vector<sock_filter> NotifyEveryCall();

// `filter` with each return other than a plain SECCOMP_RET_ALLOW replaced by SECCOMP_RET_USER_NOTIF, so that the
// supervisor can evaluate the original and respond in its place.
std::vector<sock_filter> NotifyUnlessAllowed(std::span<const sock_filter> filter);

// OK if this kernel has what Supervise needs; otherwise names what is missing. Starts nothing. An outer filter that
// forbids it, or an outer supervisor, is detected only when a command is started.
absl::Status ProbeUserNotification();

}  // namespace syscarve
