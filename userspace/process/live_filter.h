// SPDX-License-Identifier: Apache-2.0
// The seccomp filters in force on a live task, read from the kernel with ptrace(2) (PTRACE_SECCOMP_GET_FILTER).
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// All filters of `task`, newest first. A process's id stands for its main thread; its other threads may have other
// filters.
//
// Stops the task meanwhile, some tens of microseconds, and always resumes it, also on an error; if the caller dies, the
// kernel resumes it. A signal that reaches the task meanwhile is delivered, and a stopped task stays stopped. A call
// that the task is waiting in is interrupted and restarted, except those listed in signal(7) as failing with EINTR
// after a stop; one that sleeps continues through restart_syscall, which the task's filter must allow. If the task is a
// child of the caller and ends meanwhile, its exit status is lost.
//
// kNotFound: no such task, or it ended meanwhile. kAborted: it runs under no filter. kPermissionDenied: the caller
// lacks CAP_SYS_ADMIN or the right to trace the task. kFailedPrecondition: the caller itself is under a filter, or the
// task already has a tracer or cannot be stopped. kUnimplemented: the kernel was built without
// CONFIG_CHECKPOINT_RESTORE, or a filter is not classic BPF.
absl::StatusOr<std::vector<std::vector<sock_filter>>> ReadLiveFilters(pid_t task);

}  // namespace syscarve
