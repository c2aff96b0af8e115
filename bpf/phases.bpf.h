// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The phase of a process: a container runtime (or the recorder's child) at work inside a subject, or the subject's own
// program. The phase belongs to the process; the latest call is kept by thread.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/calls.bpf.h"
#include "bpf/maps.bpf.h"

#define SECCOMP_FILTER_MODE 2
#define SECCOMP_DEAD_MODE 3 /* since 5.17; after a filter's kill */
#define PFA_NO_NEW_PRIVS 0

static __always_inline __u64 root_of(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, fs, root.dentry);
}

static __always_inline __u64 filter_of(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, seccomp.filter);
}

static __always_inline __u64 executable_of(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, mm, exe_file, f_inode);
}

static __always_inline struct recorder_runtime *runtime_of(__u32 pid)
{
	return bpf_map_lookup_elem(&runtimes, &pid);
}

static __always_inline void set_runtime(__u32 pid, const struct recorder_runtime *runtime)
{
	if (bpf_map_update_elem(&runtimes, &pid, runtime, BPF_ANY))
		__sync_fetch_and_add(&losses.enrolment_failed, 1);
}

static __always_inline void forget_runtime(__u32 pid)
{
	bpf_map_delete_elem(&runtimes, &pid);
}

// Whether `process` is a runtime at work: it was moved into a subject and has not executed a program there.
static __always_inline bool is_runtime(__u32 process)
{
	struct recorder_runtime *runtime = runtime_of(process);

	return runtime && !runtime->started;
}

// Whether `task` was forked by the recorder and has not executed a program yet, by its own state: the kernel may have
// skipped the programs at forks and moves. A task that gets the recorder as its parent by other means (CLONE_PARENT,
// CLONE_THREAD, reparenting) comes from a program executed since, so its self_exec_id differs.
static __always_inline bool is_recorders_child(struct task_struct *task)
{
	if (!recorder_process)
		return false;
	struct task_struct *parent = BPF_CORE_READ(task, real_parent);

	return (__u32)BPF_CORE_READ(parent, tgid) == recorder_process &&
	       BPF_CORE_READ(parent, self_exec_id) == task->self_exec_id;
}

// The process of `task` is moved into a subject by `mover`.
static __always_inline void begin_runtime(struct task_struct *task, struct task_struct *mover)
{
	struct recorder_runtime runtime = {
		// The mover's root, not the task's own: a process that joins a running container may have entered its
		// root already.
		.root = root_of(mover),
		.filter = filter_of(task),
		// It may be in the middle of its re-exec, without entering a call before the end of that.
		.executable = executable_of(task),
		.mover_executable = executable_of(mover),
		.learned = 1,
		.last_nr = -1,
	};

	set_runtime(task->tgid, &runtime);
}

// From here on the process is the container's own, and so are its children.
static __always_inline void end_runtime(__u32 pid, bool enrolled)
{
	struct recorder_runtime started = {.started = 1};

	if (enrolled)
		set_runtime(pid, &started);
	else
		forget_runtime(pid);
}

// A child or thread of a runtime at work is a runtime; a child of the container's own process is the container's own.
static __always_inline void inherit_runtime(const struct recorder_runtime *from, __u32 pid)
{
	struct recorder_runtime runtime = *from;

	runtime.last_nr = -1;
	set_runtime(pid, &runtime);
}

// The runtime entry of the current task, or null if it is in phase main. If `id` is not -1, records the call that the
// task enters.
static __always_inline struct recorder_runtime *current_runtime(struct task_struct *task, long id)
{
	struct recorder_runtime *process = runtime_of(task->tgid);

	if (!process || process->started)
		return 0;
	if (!process->learned) {
		// Found at work by user space: its present state stands for that at its move.
		process->root = root_of(task);
		process->filter = filter_of(task);
		process->executable = executable_of(task);
		process->last_nr = -1;
		process->learned = 1;
	}
	if (id < 0)
		return process;
	struct recorder_runtime *thread = process;

	if (task->pid != task->tgid) {
		thread = runtime_of(task->pid);
		if (!thread) {
			inherit_runtime(process, task->pid);
			thread = runtime_of(task->pid);
			if (!thread)
				return process;
		}
	}
	thread->last_abi = current_abi(task, id);
	thread->last_nr = number_of(thread->last_abi, id);
	thread->executable = executable_of(task);
	return thread;
}

static __always_inline __u32 phase_in(const struct recorder_runtime *runtime, struct task_struct *task)
{
	if (task->seccomp.mode == SECCOMP_FILTER_MODE && filter_of(task) != runtime->filter)
		return RECORDER_PHASE_BASELINE;
	return RECORDER_PHASE_RUNTIME;
}

// Whether the exec that `task` has just done is a re-exec of the runtime, such as runc's from a sealed copy: still in
// the root that it came from, and an unlinked file, or the same file that it or its mover executed before.
static __always_inline bool is_reexec(const struct recorder_runtime *runtime, struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);

	return root_of(task) == runtime->root &&
	       (BPF_CORE_READ(inode, i_nlink) == 0 || (__u64)inode == runtime->executable ||
		(__u64)inode == runtime->mover_executable);
}
