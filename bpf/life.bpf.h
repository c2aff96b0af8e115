// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The life of a subject: how its first process ended, which signals its processes were sent and have handlers for,
// which processes joined it from outside. None of this runs at calls: it runs at signals, at the end of processes, and
// when a program starts.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/denials.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/phases.bpf.h"
#include "bpf/slots.bpf.h"
#include "bpf/subjects.bpf.h"

#define SIGNAL_COUNT 64
#define SIGNAL_BIT(signal) (1ull << ((signal)-1))
#define SIGPIPE_NUMBER 13
#define SIGALRM_NUMBER 14
#define SIGCHLD_NUMBER 17
#define SIGCONT_NUMBER 18
#define SIGURG_NUMBER 23
#define SIGVTALRM_NUMBER 26
#define SIGPROF_NUMBER 27
#define SIGWINCH_NUMBER 28
#define SIGIO_NUMBER 29
// Signals that a program receives from its own work, including those of the C library's threads (32, 33).
#define OWN_WORK                                                                                                             \
	(SIGNAL_BIT(SIGPIPE_NUMBER) | SIGNAL_BIT(SIGALRM_NUMBER) | SIGNAL_BIT(SIGCHLD_NUMBER) | SIGNAL_BIT(SIGCONT_NUMBER) | \
	 SIGNAL_BIT(SIGURG_NUMBER) | SIGNAL_BIT(SIGVTALRM_NUMBER) | SIGNAL_BIT(SIGPROF_NUMBER) | SIGNAL_BIT(SIGIO_NUMBER) |  \
	 SIGNAL_BIT(32) | SIGNAL_BIT(33))
// Ignored by default: that one is ignored is no information.
#define IGNORED_ANYWAY \
	(SIGNAL_BIT(SIGCHLD_NUMBER) | SIGNAL_BIT(SIGCONT_NUMBER) | SIGNAL_BIT(SIGURG_NUMBER) | SIGNAL_BIT(SIGWINCH_NUMBER))

#define IGNORE_HANDLER 1 /* SIG_IGN */

// The kernel's TRACE_SIGNAL_DELIVERED to TRACE_SIGNAL_LOSE_INFO (include/trace/events/signal.h).
#define SIGNAL_DELIVERED 0
#define SIGNAL_WAS_IGNORED 1
#define SIGNAL_LOST_INFO 4

// si_code (include/uapi/asm-generic/siginfo.h).
#define CODE_USER 0
#define CODE_QUEUE (-1)
#define CODE_TKILL (-6)
#define CODE_KERNEL 0x80

static __always_inline __u64 handler_address(struct task_struct *task, __u32 signal)
{
	return (__u64)BPF_CORE_READ(task, sighand) + bpf_core_field_offset(struct sighand_struct, action) +
	       bpf_core_field_offset(struct k_sigaction, sa.sa_handler) +
	       (__u64)(signal - 1) * bpf_core_type_size(struct k_sigaction);
}

static __always_inline __u64 handler_of(struct task_struct *task, __u32 signal)
{
	__u64 handler = 0;

	bpf_probe_read_kernel(&handler, sizeof(handler), (void *)handler_address(task, signal));
	return handler;
}

// The set of signals with handlers, from the array of actions at `address`. Not static: checked by the verifier once,
// on its own.
__noinline __u64 caught_at(__u64 address)
{
	__u64 caught = 0;

	for (__u32 i = 0; i < SIGNAL_COUNT; i++) {
		__u64 handler = 0;

		bpf_probe_read_kernel(&handler, sizeof(handler), (void *)address);
		if (handler > IGNORE_HANDLER)
			caught |= 1ull << i;
		address += bpf_core_type_size(struct k_sigaction);
	}
	return caught;
}

// Records the handlers of the process of `task`, which belongs to `subject`.
static __always_inline void note_caught(struct task_struct *task, __u32 subject)
{
	struct recorder_subject *described = bpf_map_lookup_elem(&subjects, &subject);

	if (!described || is_runtime(task->tgid))
		return;
	__u64 caught = caught_at(handler_address(task, 1));

	if (described->first == (__u32)task->tgid) {
		__sync_fetch_and_or(&described->first_caught, caught);
		__sync_fetch_and_or(&described->first_blocked, BPF_CORE_READ(task, blocked.sig[0]));
	}
	__u32 number = remembered_slot(task->pid);
	struct recorder_slot *slot = number ? bpf_map_lookup_elem(&slots, &number) : 0;

	if (slot)
		__sync_fetch_and_or(&slot->caught, caught);
	else
		__sync_fetch_and_or(&described->caught, caught);
}

// The wait(2) status of the process of `task`, its last thread.
static __always_inline __u32 status_of(struct task_struct *task)
{
	if (BPF_CORE_READ(task, signal, flags) & GROUP_EXIT)
		return BPF_CORE_READ(task, signal, group_exit_code);
	return BPF_CORE_READ(task, group_leader, exit_code);
}

static __always_inline void note_end_of_first(struct recorder_subject *described, __u32 status)
{
	__u32 signal = described->taken;

	described->first = RECORDER_NO_PROCESS;
	described->taken = 0;
	described->ended_ns = bpf_ktime_get_ns();
	for (__u32 i = 0; i < RECORDER_SUBJECT_ENDS; i++) {
		if (i == described->end_count) {
			described->ends[i].status = status;
			described->ends[i].signal = signal;
			described->end_count = i + 1;
			return;
		}
		if (described->ends[i].status == status && described->ends[i].signal == signal)
			return;
	}
}

// The process of `task`, its last thread, ends.
static __always_inline void note_end(struct task_struct *task)
{
	__u32 subject = subject_of(task);

	if (!subject || is_runtime(task->tgid))
		return;
	struct recorder_subject *described = bpf_map_lookup_elem(&subjects, &subject);

	if (!described)
		return;
	note_caught(task, subject);
	__u32 status = status_of(task);

	if (status & 0x7f)
		__sync_fetch_and_or(&described->died_of, 1ull << (((status & 0x7f) - 1) & 63));
	if (described->first == (__u32)task->tgid)
		note_end_of_first(described, status);
}

// A process from outside has executed a program in the subject. Returns false if it is the program that begins the
// subject.
static __always_inline bool note_program(struct recorder_subject *described, struct task_struct *task)
{
	if (described->first) {
		__sync_fetch_and_add(&described->joined, 1);
		return true;
	}
	described->first = task->tgid;
	described->taken = 0;
	if (!described->started_ns)
		described->started_ns = bpf_ktime_get_ns();
	return false;
}

// SEND_SIG_NOINFO (0) and SEND_SIG_PRIV (1) are no addresses, but stand for signals without a siginfo.
static __always_inline __s32 code_of_signal(struct kernel_siginfo *info)
{
	__u64 address = 0;
	__s32 code = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &info);
	if (address <= 1)
		return address ? CODE_KERNEL : CODE_USER;
	bpf_probe_read_kernel(&code, sizeof(code), (void *)address + bpf_core_field_offset(struct kernel_siginfo, si_code));
	return code;
}

static __always_inline __u8 origin_of(__s32 code, __u32 subject)
{
	if (code != CODE_USER && code != CODE_QUEUE && code != CODE_TKILL)
		return RECORDER_SIGNAL_KERNEL;
	struct task_struct *sender = bpf_get_current_task_btf();

	return subject_of(sender) == subject && !is_runtime(sender->tgid) ? RECORDER_SIGNAL_INSIDE : RECORDER_SIGNAL_OUTSIDE;
}

// `task` is sent a signal, by the current task or by the kernel.
static __always_inline int count_signal(struct task_struct *task, __u32 signal, __s32 code, __u32 result)
{
	__u32 slot = remembered_slot(task->pid);

	if (!slot || signal - 1 >= SIGNAL_COUNT)
		return 0;
	if (result != SIGNAL_DELIVERED && result != SIGNAL_WAS_IGNORED && result != SIGNAL_LOST_INFO)
		return 0;
	__u32 subject = subject_of(task);

	if (!subject || is_runtime(task->tgid))
		return 0;
	struct recorder_subject *described = bpf_map_lookup_elem(&subjects, &subject);

	if (!described)
		return 0;
	__u64 bit = SIGNAL_BIT(signal);
	struct recorder_signal_key key = {
		.slot = slot == SLOT_UNKNOWN ? sparse_slot(subject, RECORDER_PHASE_MAIN) : slot,
		.signal = signal,
		.outcome = RECORDER_SIGNAL_DEFAULT,
	};

	if (result == SIGNAL_WAS_IGNORED) {
		if (bit & IGNORED_ANYWAY)
			return 0;
		key.outcome = RECORDER_SIGNAL_IGNORED;
	} else if (handler_of(task, signal) > IGNORE_HANDLER) {
		key.outcome = RECORDER_SIGNAL_HANDLED;
	} else if (BPF_CORE_READ(task, blocked.sig[0]) & bit) {
		key.outcome = RECORDER_SIGNAL_WAITED;
	}
	key.origin = origin_of(code, subject);
	if (described->first == (__u32)task->tgid && !(bit & OWN_WORK) &&
	    (key.outcome == RECORDER_SIGNAL_HANDLED || key.outcome == RECORDER_SIGNAL_WAITED))
		described->taken = signal;
	__u64 *count = bpf_map_lookup_elem(&signals, &key);

	if (!count) {
		__u64 zero = 0;

		bpf_map_update_elem(&signals, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&signals, &key);
		if (!count) {
			__sync_fetch_and_add(&losses.signals_full, 1);
			return 0;
		}
	}
	__sync_fetch_and_add(count, 1);
	return 0;
}
