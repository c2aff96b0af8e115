// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// One program that counts getppid calls, at every place where a call can be seen.
#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

// Set before load.
const volatile __u64 counted_call = 0;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static __always_inline int count(__u64 id)
{
	__u32 zero = 0;
	__u64 *value;

	if (id != counted_call)
		return 0;
	value = bpf_map_lookup_elem(&counts, &zero);
	if (value)
		++*value;
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(by_tp_btf, struct pt_regs *regs, long id)
{
	return count(id);
}

SEC("raw_tp/sys_enter")
int by_raw_tp(struct bpf_raw_tracepoint_args *context)
{
	return count(context->args[1]);
}

SEC("tracepoint/raw_syscalls/sys_enter")
int by_tracepoint(struct trace_event_raw_sys_enter *event)
{
	return count(event->id);
}

// The rest sit in the function that serves the call, and see nothing else.
SEC("fentry")
int BPF_PROG(by_fentry)
{
	return count(counted_call);
}

SEC("kprobe")
int by_kprobe(void *registers)
{
	return count(counted_call);
}

SEC("kprobe.multi")
int by_kprobe_multi(void *registers)
{
	return count(counted_call);
}

char LICENSE[] SEC("license") = "GPL";
