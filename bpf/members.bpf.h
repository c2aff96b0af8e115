// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// How processes become members of a subject, and stay so. A member stays one, with all that it forks, wherever it
// moves: sudo, a session manager or a container runtime moves what a command has started into cgroups of their own.
// Only a move into another subject's cgroup changes its subject. A runtime at work that leaves before it has executed a
// program is no longer a member, and neither are its children outside.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/maps.bpf.h"
#include "bpf/phases.bpf.h"
#include "bpf/subjects.bpf.h"

// Counts a process that may be a member, but has no entry in process_subjects because that was full. `path`: the cgroup
// that it moved to, or null.
static __always_inline void lose_process(const char *path)
{
	if (__sync_fetch_and_add(&losses.left_unseen, 1) == 0 && path)
		bpf_probe_read_kernel_str(losses.left_to, sizeof(losses.left_to), path);
}

// `child` is the first thread of a new process. clone3's CLONE_INTO_CGROUP counts as a move.
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

// The process of `task`, or only that thread, has been moved to the cgroup `path`, which belongs to `subject` (0: to
// none).
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
	// A process can be moved at its end, after its exit event.
	if (has_ended(task))
		forget_runtime(process);
}
