// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// A probe: whether this kernel may take the CPU from a task in the middle of a program at a raw tracepoint. It is an object of its own
// because kernels without all symbols (CONFIG_KALLSYMS_ALL) refuse to load it.
#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// Since Linux 6.10. Kernels before that never do.
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

#if defined(__TARGET_ARCH_x86)
// By CPU. Linux 6.2 to 6.14 keep it elsewhere, and never do.
extern const int __preempt_count __ksym;
#endif

bool preemptible;

// How often preemption is switched off for the current task.
static __always_inline __u32 preemption_count(void)
{
#if defined(__TARGET_ARCH_x86)
	// The highest bit says that nobody waits for the CPU.
	return *(volatile const int *)bpf_this_cpu_ptr(&__preempt_count) & ~(1u << 31);
#else
	return *(volatile __u64 *)&bpf_get_current_task_btf()->thread_info.preempt_count;
#endif
}

SEC("tp_btf/sys_enter")
int BPF_PROG(look_for_preemption, struct pt_regs *regs, long id)
{
	__u32 before = preemption_count();

	// Kernels that never take a CPU from their own code do not count at all.
	bpf_preempt_disable();
	__u32 during = preemption_count();

	bpf_preempt_enable();
	if (!before && during)
		preemptible = true;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
