// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// A probe: whether this kernel can preempt a task in the middle of a program at a raw tracepoint. A separate object
// because kernels without all symbols (CONFIG_KALLSYMS_ALL) refuse to load it.
#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

// Since Linux 6.10. Older kernels never preempt such a program.
extern void bpf_preempt_disable(void) __ksym;
extern void bpf_preempt_enable(void) __ksym;

#if defined(__TARGET_ARCH_x86)
// Per CPU. Linux 6.2 to 6.14 keep it elsewhere, and never preempt such a program.
extern const int __preempt_count __ksym;
#endif

bool preemptible;

// The nesting depth of preemption being off for the current task.
static __always_inline __u32 preemption_count(void)
{
#if defined(__TARGET_ARCH_x86)
	// The highest bit is set when no reschedule is needed.
	return *(volatile const int *)bpf_this_cpu_ptr(&__preempt_count) & ~(1u << 31);
#else
	return *(volatile __u64 *)&bpf_get_current_task_btf()->thread_info.preempt_count;
#endif
}

SEC("tp_btf/sys_enter")
int BPF_PROG(look_for_preemption, struct pt_regs *regs, long id)
{
	__u32 before = preemption_count();

	// Kernels without preemption of kernel code do not count at all.
	bpf_preempt_disable();
	__u32 during = preemption_count();

	bpf_preempt_enable();
	if (!before && during)
		preemptible = true;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
