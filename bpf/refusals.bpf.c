// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Calls that failed with EPERM or EACCES, of a command's descendants or of containers: `prove` compares them. A
// separate object: recording must not pay for the exits of calls. Almost all exits stop at the first comparison.
#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#include "bpf/calls.bpf.h"
#include "bpf/refusals.h"

#define REFUSED_EPERM 1
#define REFUSED_EACCES 13
#define MOST_ANCESTORS 64

// The process with the watched descendants; 0: containers are watched.
const volatile __u32 watched_ancestor;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, REFUSALS_MOST);
	__type(key, struct refusal_key);
	__type(value, __u64);
} refusals SEC(".maps");

// A key does not fit on the stack beside the variables for reading it.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct refusal_key);
} scratch SEC(".maps");

static __always_inline bool descends(struct task_struct *task)
{
	for (int i = 0; i < MOST_ANCESTORS; i++) {
		__u32 process;

		task = BPF_CORE_READ(task, real_parent);
		process = BPF_CORE_READ(task, tgid);
		if (process == watched_ancestor)
			return true;
		if (process <= 1)
			return false;
	}
	return false;
}

// Whether the executable is in the mount that is the task's root: true of a container's program, false of the runtime
// that sets it up.
static __always_inline bool is_of_its_root(struct task_struct *task, struct file *executable)
{
	return BPF_CORE_READ(executable, f_path.mnt) == BPF_CORE_READ(task, fs, root.mnt);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_exit_of_call, struct pt_regs *regs, long ret)
{
	struct task_struct *task;
	struct refusal_key *key;
	struct file *executable;
	__u32 zero = 0;
	__u64 one = 1;
	long id;

	if (ret != -REFUSED_EPERM && ret != -REFUSED_EACCES)
		return 0;
	task = bpf_get_current_task_btf();
	if (watched_ancestor && !descends(task))
		return 0;
	executable = BPF_CORE_READ(task, mm, exe_file);
	if (!executable || (!watched_ancestor && !is_of_its_root(task, executable)))
		return 0;
	key = bpf_map_lookup_elem(&scratch, &zero);
	if (!key)
		return 0;
	__builtin_memset(key, 0, sizeof(*key));
#if defined(__TARGET_ARCH_x86)
	id = BPF_CORE_READ(regs, orig_ax);
#else
	id = BPF_CORE_READ(regs, syscallno);
#endif
	key->abi = current_abi(task, id);
	key->nr = number_of(key->abi, id);
	key->error = -ret;
	bpf_probe_read_kernel_str(key->program, sizeof(key->program), BPF_CORE_READ(executable, f_path.dentry, d_name.name));
	if (!watched_ancestor)
		bpf_probe_read_kernel_str(key->cgroup, sizeof(key->cgroup), BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, name));
	bpf_map_update_elem(&refusals, key, &one, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
