// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The floor: what it costs that anything at all is attached to sys_enter.
#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

SEC("tp_btf/sys_enter")
int BPF_PROG(nothing, struct pt_regs *regs, long id)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
