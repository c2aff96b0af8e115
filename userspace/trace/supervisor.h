// SPDX-License-Identifier: Apache-2.0
// Runs a command under a seccomp filter whose SECCOMP_RET_USER_NOTIF calls are decided here, in user space
// (seccomp_unotify(2)). It needs no privilege, and it is how a call is recorded or confined where BPF may not be
// loaded.
//
// The kernel stops the calling task before the call is made, tells us, and waits for the answer: let it through, fail
// it with an errno, or end the process. So nothing can be missed, however many tasks there are and however short they
// live; the price is a round trip per notified call (docs/notify-backend.md). Children inherit the filter and cannot
// take it off.
//
//   class Counter : public NotificationHandler { … };
//   SYSCARVE_ASSIGN_OR_RETURN(SignalForwarder signals, SignalForwarder::Create());
//   Counter counter;
//   SYSCARVE_ASSIGN_OR_RETURN(SuperviseOutcome outcome, Supervise(command, NotifyEveryCall(), counter, signals, {}));
//
// While it runs, this process cannot be dumped, traced or read by others of its user, so by none of the confined tasks.
//
// Linux 5.5 is needed; from 5.19 on a signal does not interrupt a call whose notification has been received.
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

// The memory, and the descriptors, of a task that waits for its answer.
class WaitingMemory {
 public:
  virtual ~WaitingMemory() = default;
  // At most PATH_MAX bytes up to the NUL; nullopt where they cannot be read, or the task no longer waits. They are what
  // the memory held at that moment: another thread may change it before the kernel reads it, so no decision may rest on
  // them.
  virtual std::optional<TaskString> StringAt(uint64_t address) const = 0;
  // The 64-bit word there, likewise.
  virtual std::optional<uint64_t> WordAt(uint64_t address) const = 0;
  // `size` bytes, likewise.
  virtual std::optional<std::string> BytesAt(uint64_t address, size_t size) const = 0;
  // What its descriptor is, likewise.
  virtual std::optional<OpenFile> FileOf(unsigned descriptor) const = 0;
};

// One call that waits for its answer. References are valid during the callback.
struct Notification {
  pid_t task = 0;               // The calling thread, 0 when it is not visible in our pid namespace.
  std::optional<SyscallId> id;  // nullopt for an architecture we do not know, or a negative number, which is no call.
  const seccomp_data&
      data;  // As the filter saw it. Arguments are registers: what pointers point to may change at any time.
  const Program& program;  // What the task executes, empty where /proc does not tell.
  // The program's file is set-user-ID, set-group-ID or has capabilities that the task did not get: no_new_privs is in
  // force.
  bool privileges_withheld = false;
  // The execve that starts the command itself. In Decide, `program` is what is going to be executed.
  bool starts_command = false;
  const WaitingMemory* memory = nullptr;  // In Decide only.
};

struct Response {
  enum class Kind {
    kContinue,  // The call is made.
    kFail,      // It is not; it returns -1 and `errno_value`, or 0 when that is 0.
    kTrap,      // It is not; SIGSYS is sent. A handler for it sees SI_TKILL, not SYS_SECCOMP, which only the kernel may
                // claim.
    kKill,      // It is not; the process dies as SECCOMP_RET_KILL_PROCESS would have it.
  };
  Kind kind = Kind::kContinue;
  int errno_value = 0;
};

class NotificationHandler {
 public:
  virtual ~NotificationHandler() = default;
  // Chooses the answer. May be asked twice for one call: a call that a signal interrupted is asked about again when it
  // is restarted.
  virtual Response Decide(const Notification& notification) = 0;
  // The answer has reached the task: what was read of it in Decide, in /proc too, was of no other. Once per call, so
  // this is the place to count. For the execve that starts the command this comes when it is known to have succeeded,
  // with the program that it started, and never if it failed; if it was refused, at once.
  virtual void Delivered(const Notification& notification, const Response& response) = 0;
};

struct SuperviseOptions {
  // How long tasks may outlive the command before they are ended.
  std::chrono::milliseconds grace{5000};
  // How long the command may take; then it is ended with all that it started.
  std::optional<std::chrono::milliseconds> limit;
  // Called once the command's process is under its filter, before anything of it is read: the time to give up
  // privileges. Supervision reads links in other users' /proc/PID (CAP_SYS_PTRACE) and ends processes (CAP_KILL).
  std::function<absl::Status()> on_started = [] { return absl::OkStatus(); };
  // Takes CAP_SYS_PTRACE from the command: with it, root's command can reach into the supervisor and answer its own
  // calls. Without it nobody can, by any call (docs/run.md); an ordinary user's command cannot either way.
  bool withhold_ptrace = false;
};

struct SuperviseOutcome {
  int status = 0;              // The command's status as a shell reports it; 128 + SIGSYS when we killed it.
  int wait_status = 0;         // The same as wait(2) gives it.
  int exec_error = 0;          // The errno with which the command's execve failed, 0 when it was started.
  bool start_refused = false;  // Decide did not let the command's own execve through.
  bool over_limit = false;     // The command was ended because its time was up.
  bool asked_to_end = false;   // A signal that ends programs was sent to us, and passed on.
  uint64_t ended = 0;          // Processes that were left after the grace period and were ended.
  uint64_t left = 0;           // Processes that could not be ended: they are stuck in the kernel.
  // Calls that a signal interrupted, or ended with their task, in the microseconds before we received their
  // notification. None of them was made. The kernel restarts the others unless the signal has a handler without
  // SA_RESTART: then the program saw EINTR, also from a call that never fails so by itself.
  uint64_t interrupted = 0;
  // False where /proc is another pid namespace's or not there: then no Notification has a program, and processes that
  // outlive the command cannot be ended.
  bool programs_known = true;
  absl::Status complete;  // OK, or why supervision had to stop before the last task's last call.
};

// Runs `command` under `filter` and no_new_privs until the last task of its process tree has ended, and reaps them all.
// An error means that the command was not started because the host or the set-up failed; what became of a command that
// was to be executed is in the outcome. `filter` is installed before the command's execve, which is the first call that
// counts; what the child does before it is not the command's. REQUIRES: a caller with one thread and no other children.
absl::StatusOr<SuperviseOutcome> Supervise(const Command& command, std::span<const sock_filter> filter,
                                           NotificationHandler& handler, SignalForwarder& signals,
                                           const SuperviseOptions& options);

// Why the command could not be executed, from SuperviseOutcome::exec_error: kNotFound or another code, as
// ExitCodeForCommandError takes it.
absl::Status ExecFailure(const Command& command, int exec_error);

// A filter under which every call of every ABI is notified.
std::vector<sock_filter> NotifyEveryCall();

// `filter` with each return that is not a plain SECCOMP_RET_ALLOW turned into SECCOMP_RET_USER_NOTIF, so that the
// supervisor can evaluate the original and answer in its place.
std::vector<sock_filter> NotifyUnlessAllowed(std::span<const sock_filter> filter);

// OK when this kernel has what Supervise needs; otherwise what is missing. Starts nothing. An outer filter that forbids
// it, or an outer supervisor, shows only when a command is started.
absl::Status ProbeUserNotification();

}  // namespace syscarve
