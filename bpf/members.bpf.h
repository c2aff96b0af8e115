// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// How processes become a subject's, and stay it. Once a subject's, always the subject's, with all that it forks, wherever it goes:
// sudo, a session manager or a container runtime puts into cgroups of their own what a command has started. Only another subject's
// cgroup makes it that subject's. A runtime at work that goes before it has executed a program was a visitor, and takes nothing along.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/maps.bpf.h"
#include "bpf/phases.bpf.h"
#include "bpf/subjects.bpf.h"

// A process that may have been a subject's goes where no subject is, and we do not know it.
static __always_inline void lose_process(const char *path)
{
	if (__sync_fetch_and_add(&losses.left_unseen, 1) == 0 && path)
		bpf_probe_read_kernel_str(losses.left_to, sizeof(losses.left_to), path);
}

// `child` is the first thread of a new process. Where clone3's CLONE_INTO_CGROUP puts it counts like a move.
static __always_inline int begin_process(struct task_struct *parent, struct task_struct *child)
{
	struct recorder_runtime *runtime = runtime_of(parent->tgid);
	__u64 cgroup = cgroup_of(child);
	__u64 parent_cgroup = cgroup_of(parent);
	__u32 subject = subject_of_cgroup(cgroup);
	__u32 origin = cgroup == parent_cgroup ? subject : subject_of_cgroup(parent_cgroup);

	if (!origin)
		origin = subject_of_process(parent->tgid);
	if (!subject) {
		if (!origin || (runtime && !runtime->started))
			return 0;
		subject = origin;
		if (!remember_process(child, subject))
			lose_process(0);
	} else {
		remember_process(child, subject);
	}
	if (subject != origin)
		begin_runtime(child, parent);
	else if (runtime)
		inherit_runtime(runtime, child->pid);
	return 0;
}

// The process of `task`, or only that thread of it, has been moved to the cgroup `path`, which is `subject`'s or nobody's (0).
static __always_inline void move_process(struct task_struct *task, __u32 subject, const char *path, bool whole)
{
	__u32 process = task->tgid;
	__u32 before = subject_of_process(process);

	if (subject && subject == before)
		return;
	if (!before && *(volatile __u64 *)&unknown_processes)
		lose_process(path);
	if (subject) {
		begin_runtime(task, bpf_get_current_task_btf());
		if (whole)
			remember_process(task, subject);
	} else if (whole && before && is_runtime(process)) {
		forget_process(process);
		forget_runtime(process);
	}
	// A process at its end can be told to move, and its end may have been told already.
	if (has_ended(task))
		forget_runtime(process);
}
