// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Calls that a filter refused. Seccomp runs before sys_enter: a call that a filter decides itself, in whatever way, has
// a sys_exit without a sys_enter. So sys_enter sets a state for every call of a followed task, and sys_exit resets it.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/maps.bpf.h"
#include "bpf/phases.bpf.h"

#define TASK_CALL_BITS 2
#define BETWEEN_CALLS 1
#define IN_CALL 2
#define IN_CHECKED_CALL 3 /* the kernel has checked a capability in it: results.bpf.h */

#define MAX_ERRNO 4095
#define SIGSYS_NUMBER 31
#define GROUP_EXIT 4 /* SIGNAL_GROUP_EXIT, include/linux/sched/signal.h */
// The kernel's own ERESTARTSYS to ERESTART_RESTARTBLOCK (include/linux/errno.h), which no program sees.
#define FIRST_RESTART 512
#define LAST_RESTART 516

static __always_inline volatile __u32 *call_entry(__u32 pid)
{
	return &task_calls[pid & (TASK_CACHE_SIZE - 1)];
}

static __always_inline void begin_call(__u32 pid)
{
	*call_entry(pid) = pid << TASK_CALL_BITS | IN_CALL;
}

// Ends the task's call. Returns its state until here; 0: unknown. A call that ends BETWEEN_CALLS never began.
static __always_inline __u32 end_call(__u32 pid)
{
	volatile __u32 *entry = call_entry(pid);
	__u32 was = *entry;

	if (was >> TASK_CALL_BITS != pid)
		return 0;
	*entry = pid << TASK_CALL_BITS | BETWEEN_CALLS;
	return was & ((1 << TASK_CALL_BITS) - 1);
}

// A new task of a followed one returns from its parent's call, and its very next call may be refused. On x86 it has the
// sys_exit of that call, too; on arm64 (ret_from_fork in arch/arm64/kernel/entry.S) it has none.
static __always_inline void inherit_call(__u32 parent, __u32 child)
{
	if (*call_entry(parent) >> TASK_CALL_BITS != parent)
		return;
#if defined(__TARGET_ARCH_x86)
	begin_call(child);
#else
	*call_entry(child) = child << TASK_CALL_BITS | BETWEEN_CALLS;
#endif
}

// An exec by a thread other than the first ends under the first one's pid.
static __always_inline void move_call(__u32 from, __u32 to)
{
	if (*call_entry(from) >> TASK_CALL_BITS != from)
		return;
	*call_entry(from) = 0;
	begin_call(to);
}

static __always_inline void forget_call(__u32 pid)
{
	*call_entry(pid) = 0;
}

// Sets the result of a call that ends with `ret` and never began; `*error` is 0 unless the result is an errno. False if
// no filter refused it.
static __always_inline bool outcome_of(struct task_struct *task, long ret, __u16 *outcome, __u16 *error)
{
	bool dead = task->seccomp.mode == SECCOMP_DEAD_MODE;

	*error = 0;
	// Killing and trapping both restore the registers and force SIGSYS on the task. If the task is to die, or
	// ignores or blocks the signal, its handler is reset (force_sig_info_to_task in kernel/signal.c).
	if (dead || BPF_CORE_READ(task, pending.signal.sig[0]) & 1ul << (SIGSYS_NUMBER - 1)) {
		bool handled = !dead && BPF_CORE_READ(task, sighand, action[SIGSYS_NUMBER - 1].sa.sa_handler);

		*outcome = handled ? RECORDER_DENIAL_TRAPPED : RECORDER_DENIAL_KILLED;
		return true;
	}
	if (ret >= 0 || ret < -MAX_ERRNO) {
		*outcome = RECORDER_DENIAL_ANSWERED;
		return true;
	}
	*outcome = RECORDER_DENIAL_ERROR;
	*error = -ret;
	// A signal arrived before the supervisor's response.
	return -ret < FIRST_RESTART || -ret > LAST_RESTART;
}

// Whether a task that dies of SIGSYS does so because its whole process does. False if the process ends meanwhile for
// another reason, such as exit_group by a thread that waited for this one.
static __always_inline bool dies_with_its_group(struct task_struct *task)
{
	return BPF_CORE_READ(task, signal, flags) & GROUP_EXIT &&
	       (BPF_CORE_READ(task, signal, group_exit_code) & 0x7f) == SIGSYS_NUMBER;
}

static __always_inline void count_denial(__u32 slot, __u32 abi, __u32 nr, __u16 outcome, __u16 error)
{
	struct recorder_denial_key key = {.slot = slot, .abi = abi, .nr = nr, .outcome = outcome, .error = error};
	__u64 *count = bpf_map_lookup_elem(&denials, &key);

	if (!count) {
		__u64 zero = 0;

		bpf_map_update_elem(&denials, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&denials, &key);
		if (!count) {
			__sync_fetch_and_add(&losses.denials_full, 1);
			return;
		}
	}
	__sync_fetch_and_add(count, 1);
}
