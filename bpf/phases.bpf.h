// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
//
// The phase of a process: a container runtime (or our own child) at work inside a subject, or the subject's own program. The phase
// belongs to the process and is kept with its leader; what one thread did last is kept with the thread.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/calls.bpf.h"
#include "bpf/maps.bpf.h"

#define SECCOMP_FILTER_MODE 2
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

static __always_inline struct recorder_task_state *state_of(struct task_struct *task)
{
	return bpf_task_storage_get(&task_states, task, 0, 0);
}

static __always_inline struct recorder_task_state *make_state(struct task_struct *task)
{
	struct recorder_task_state *state = bpf_task_storage_get(&task_states, task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!state)
		__sync_fetch_and_add(&losses.enrolment_failed, 1);
	return state;
}

// `task`, a process or its only moved thread, comes into a subject from outside, by the hand of `mover`.
static __always_inline void begin_runtime(struct task_struct *task, struct task_struct *mover)
{
	struct recorder_task_state *state = make_state(task);

	if (!state)
		return;
	// The mover's root and not the task's own: who joins a running container may have entered its root by now.
	state->root = root_of(mover);
	state->filter = filter_of(task);
	// It may be in the middle of the exec that it does anew, with no call to be entered before the end of that.
	state->executable = executable_of(task);
	state->learned = 1;
	state->last_nr = -1;
	state->phase = RECORDER_PHASE_RUNTIME;
}

// The runtime's state of the current task, with the call `id` that it enters (or -1) noted, or nothing when it is in phase main.
static __always_inline struct recorder_task_state *runtime_state(struct task_struct *task, long id)
{
	struct recorder_task_state *leader = state_of(task->group_leader);

	if (!leader || leader->phase != RECORDER_PHASE_RUNTIME)
		return 0;
	if (!leader->learned) {
		// User space found it at work: where it is now is where it was when it came.
		leader->root = root_of(task);
		leader->filter = filter_of(task);
		leader->executable = executable_of(task);
		leader->learned = 1;
	}
	struct recorder_task_state *state = leader;

	if (task->pid != task->tgid) {
		// Its exec may come from any thread, and then the leader's state is gone.
		state = make_state(task);
		if (!state)
			return leader;
		state->root = leader->root;
		state->filter = leader->filter;
		state->learned = 1;
		state->phase = RECORDER_PHASE_RUNTIME;
	}
	if (id >= 0) {
		state->last_abi = current_abi(task, id);
		state->last_nr = number_of(state->last_abi, id);
		state->executable = executable_of(task);
	}
	return state;
}

static __always_inline __u32 phase_in(struct recorder_task_state *state, struct task_struct *task)
{
	if (task->seccomp.mode == SECCOMP_FILTER_MODE && filter_of(task) != state->filter)
		return RECORDER_PHASE_BASELINE;
	return RECORDER_PHASE_RUNTIME;
}

// Whether the exec that `task` has just done was the runtime executing itself anew, as runc does from a sealed copy: still in the
// root that it came from, a file without a name or the very file it executed before.
static __always_inline bool executes_itself_anew(struct recorder_task_state *state, struct task_struct *task)
{
	struct inode *inode = BPF_CORE_READ(task, mm, exe_file, f_inode);

	return root_of(task) == state->root && (BPF_CORE_READ(inode, i_nlink) == 0 || (__u64)inode == state->executable);
}
