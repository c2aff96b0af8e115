// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Results of the calls in which the kernel checked a capability. A check is noted beside the state of the task's call
// (denials.bpf.h), and the call's exit, where exits are attached, counts its result for each noted check. Other calls
// cost nothing extra.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/denials.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"

#define ERRNO_EPERM 1
#define ERRNO_EACCES 13
#define SIGNAL_SET(signal) (1u << (signal))
// SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV and SIGSYS: a program's own faults. Other signals are sent by
// processes.
#define OWN_FAULT \
	(SIGNAL_SET(4) | SIGNAL_SET(5) | SIGNAL_SET(6) | SIGNAL_SET(7) | SIGNAL_SET(8) | SIGNAL_SET(11) | SIGNAL_SET(SIGSYS_NUMBER))
// A program that gives up because of a refusal prints a message and ends within this time.
#define SOON_NS 1000000000ull

static __always_inline bool is_same_check(const struct recorder_capability_key *one, const struct recorder_capability_key *other)
{
	return one->slot == other->slot && one->capability == other->capability && one->abi == other->abi && one->flags == other->flags &&
	       one->nr == other->nr && one->site == other->site;
}

// A capability of `task`, the current one, was checked in the call in progress.
static __always_inline void note_check(struct task_struct *task, const struct recorder_capability_key *check, bool denied)
{
	__u32 pid = task->pid;
	volatile __u32 *entry = call_entry(pid);
	__u32 state = *entry;

	if (state == (pid << TASK_CALL_BITS | IN_CALL)) {
		struct recorder_open_checks first = {.used = 1};

		first.checks[0].check = *check;
		first.checks[0].denied = denied;
		first.checks[0].count = 1;
		if (bpf_map_update_elem(&open_checks, &pid, &first, BPF_ANY) == 0)
			*entry = pid << TASK_CALL_BITS | IN_CHECKED_CALL;
		return;
	}
	if (state != (pid << TASK_CALL_BITS | IN_CHECKED_CALL))
		return;
	struct recorder_open_checks *open = bpf_map_lookup_elem(&open_checks, &pid);

	if (!open)
		return;
	for (__u32 i = 0; i < RECORDER_CALL_CHECKS; ++i) {
		struct recorder_open_check *kept = &open->checks[i];

		if (i == open->used) {
			kept->check = *check;
			kept->denied = denied;
			kept->count = 1;
			open->used = i + 1;
			return;
		}
		if (kept->denied == denied && is_same_check(&kept->check, check)) {
			kept->count++;
			return;
		}
	}
}

static __always_inline struct recorder_result_count *result_of(const struct recorder_open_check *open, __u32 error)
{
	struct recorder_result_key key = {.check = open->check, .denied = open->denied, .error = error};
	struct recorder_result_count *count = bpf_map_lookup_elem(&capability_results, &key);
	struct recorder_result_count zero = {};

	if (count)
		return count;
	bpf_map_update_elem(&capability_results, &key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&capability_results, &key);
}

// The call of the current task `pid`, in which checks were made, has returned `ret`. Results that do not fit are
// dropped.
static __noinline int keep_results(__u32 pid, __u32 process, long ret)
{
	struct recorder_open_checks *open = bpf_map_lookup_elem(&open_checks, &pid);
	__u32 error = ret < 0 && ret >= -MAX_ERRNO ? -ret : 0;
	bool refused = false;

	if (!open)
		return 0;
	// The call is restarted or was interrupted: this is not its result.
	if (error >= FIRST_RESTART && error <= LAST_RESTART) {
		bpf_map_delete_elem(&open_checks, &pid);
		return 0;
	}
	for (__u32 i = 0; i < RECORDER_CALL_CHECKS; ++i) {
		if (i >= open->used)
			break;
		struct recorder_result_count *count = result_of(&open->checks[i], error);

		refused |= open->checks[i].denied;
		if (count)
			__sync_fetch_and_add(&count->count, open->checks[i].count);
	}
	if (refused && (error == ERRNO_EPERM || error == ERRNO_EACCES)) {
		open->error = error;
		open->time_ns = bpf_ktime_get_ns();
		bpf_map_update_elem(&latest_refusals, &process, open, BPF_ANY);
	}
	bpf_map_delete_elem(&open_checks, &pid);
	return 0;
}

// The process executes another program, which starts without a refusal.
static __always_inline void forget_refusal(__u32 process)
{
	bpf_map_delete_elem(&latest_refusals, &process);
}

// The process has ended, with this wait(2) status.
static __always_inline void note_end_after_refusal(__u32 process, __u32 status)
{
	struct recorder_open_checks *refusal = bpf_map_lookup_elem(&latest_refusals, &process);
	__u32 signal = status & 0x7f;

	if (!refusal)
		return;
	if ((signal ? signal < 32 && OWN_FAULT >> signal & 1 : status >> 8 & 0xff) &&
	    bpf_ktime_get_ns() - refusal->time_ns < SOON_NS) {
		for (__u32 i = 0; i < RECORDER_CALL_CHECKS; ++i) {
			if (i >= refusal->used)
				break;
			struct recorder_result_count *count =
				refusal->checks[i].denied ? result_of(&refusal->checks[i], refusal->error) : 0;

			if (count)
				__sync_fetch_and_add(&count->ended, 1);
		}
	}
	bpf_map_delete_elem(&latest_refusals, &process);
}

// The task has ended, or has another pid.
static __always_inline void forget_checks(__u32 pid)
{
	if (*call_entry(pid) == (pid << TASK_CALL_BITS | IN_CHECKED_CALL))
		bpf_map_delete_elem(&open_checks, &pid);
}
