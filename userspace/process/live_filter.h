// SPDX-License-Identifier: Apache-2.0
// The seccomp filters that a live task really runs under, read out of the kernel with ptrace(2)
// (PTRACE_SECCOMP_GET_FILTER).
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// All filters of `task` (a process's id stands for its main thread; other threads may have others), the most recently
// installed first.
//
// The task is stopped for as long as that takes, some tens of microseconds, and always let go again, also on an error;
// when the caller dies, the kernel lets it go. A signal that reaches the task meanwhile is delivered, and a stopped
// task stays stopped. A call that the task is waiting in is interrupted and begun anew, except those that signal(7)
// lists as ending with EINTR after a stop; one that sleeps goes on by restart_syscall, which the task's filter must
// allow. The exit status of the caller's own child is lost when it ends meanwhile.
//
// kNotFound: no such task, or it ended meanwhile. kAborted: it runs under no filter. kPermissionDenied: the caller
// lacks CAP_SYS_ADMIN or the right to trace the task. kFailedPrecondition: the caller is itself under a filter, or the
// task is traced by somebody else or cannot be stopped. kUnimplemented: the kernel was built without
// CONFIG_CHECKPOINT_RESTORE, or a filter is no classic BPF.
absl::StatusOr<std::vector<std::vector<sock_filter>>> ReadLiveFilters(pid_t task);

}  // namespace syscarve
