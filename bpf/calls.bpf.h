// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The call that a task is in: ABI and number, per architecture.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/recorder.h"

static __always_inline __u32 current_abi(struct task_struct *task, long id)
{
#if defined(__TARGET_ARCH_x86)
	// TS_COMPAT (arch/x86/include/asm/thread_info.h) is set for the length of a 32-bit call, including one that a
	// 64-bit program makes by int $0x80.
	if (task->thread_info.status & 0x2)
		return RECORDER_ABI_COMPAT;
	if (id & 0x40000000)
		return RECORDER_ABI_X32;
	return RECORDER_ABI_NATIVE;
#else
	// TIF_32BIT (arch/arm64/include/asm/thread_info.h)
	return task->thread_info.flags & (1 << 22) ? RECORDER_ABI_COMPAT : RECORDER_ABI_NATIVE;
#endif
}

static __always_inline __u32 number_of(__u32 abi, long id)
{
	return abi == RECORDER_ABI_X32 ? (__u32)id & ~0x40000000u : (__u32)id;
}

// The number of the call that `task`, the current one, is in; -1 if it is in none.
static __always_inline long call_in_progress(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
#if defined(__TARGET_ARCH_x86)
	// After an exception orig_ax is an error code. The syscall instruction leaves its return address in rcx and the
	// flags in r11; int $0x80 sets TS_COMPAT.
	if (!(task->thread_info.status & 0x2) && regs->cx != regs->ip && regs->r11 != regs->flags)
		return -1;
	return (int)regs->orig_ax;
#else
	return regs->syscallno;
#endif
}

// An argument, as filters see it (syscall_get_arguments in arch/x86/include/asm/syscall.h and
// arch/arm64/include/asm/syscall.h).
static __always_inline __u64 argument_of(struct pt_regs *regs, __u32 abi, __u32 index)
{
#if defined(__TARGET_ARCH_x86)
	bool compat = abi == RECORDER_ABI_COMPAT;

	switch (index) {
	case 0:
		return compat ? regs->bx : regs->di;
	case 1:
		return compat ? regs->cx : regs->si;
	case 2:
		return regs->dx;
	case 3:
		return compat ? regs->si : regs->r10;
	case 4:
		return compat ? regs->di : regs->r8;
	default:
		return compat ? regs->bp : regs->r9;
	}
#else
	__u64 value;

	// The verifier accepts only constant offsets into pt_regs; the barriers keep the compiler from computing one.
	switch (index) {
	case 0:
		value = regs->orig_x0;
		barrier_var(value);
		return value;
	case 1:
		value = regs->regs[1];
		barrier_var(value);
		return value;
	case 2:
		value = regs->regs[2];
		barrier_var(value);
		return value;
	case 3:
		value = regs->regs[3];
		barrier_var(value);
		return value;
	case 4:
		value = regs->regs[4];
		barrier_var(value);
		return value;
	default:
		value = regs->regs[5];
		barrier_var(value);
		return value;
	}
#endif
}
