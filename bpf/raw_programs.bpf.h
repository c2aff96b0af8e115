// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Attachment points, first form: raw tracepoints, which pass the objects themselves and cost least. Before Linux 7.0
// the kernel runs such a program with preemption off. Since then a task can be preempted in the middle of one, and
// until it runs again the program is skipped for every other task on that CPU: then the second form is used,
// perf_programs.bpf.h.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

SEC("tp_btf/sys_enter")
int BPF_PROG(on_sys_enter, struct pt_regs *regs, long id)
{
	return enter_call(bpf_get_current_task_btf(), id);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(on_sys_exit, struct pt_regs *regs, long ret)
{
	return leave_call(bpf_get_current_task_btf(), regs, ret);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	return change_program(task, old_pid, BPF_CORE_READ(bprm, filename));
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(on_fork, struct task_struct *parent, struct task_struct *child)
{
	return begin_task(parent, child);
}

// One event per hierarchy; only the v2 one decides membership.
SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(on_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	return BPF_CORE_READ(cgroup, root, hierarchy_id) == 0 ? begin_cgroup(cgroup, path) : 0;
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(on_cgroup_attach, struct cgroup *destination, const char *path, struct task_struct *task, bool threadgroup)
{
	return BPF_CORE_READ(destination, root, hierarchy_id) == 0 ? change_cgroup(task, destination, path, threadgroup) : 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit, struct task_struct *task)
{
	return end_task(task);
}

SEC("tp_btf/signal_generate")
int BPF_PROG(on_signal, int signal, struct kernel_siginfo *info, struct task_struct *task, int group, int result)
{
	return count_signal(task, signal, code_of_signal(info), result);
}

// At most one of these two is loaded, the first that the host allows.
SEC("fexit/cap_capable")
int BPF_PROG(on_capable_fexit, const struct cred *cred, struct user_namespace *target, int capability, unsigned int options,
	     int ret)
{
	return count_capability(ctx, cred, target, capability, ret);
}

SEC("tp_btf/cap_capable")
int BPF_PROG(on_capable, const struct cred *cred, struct user_namespace *target, const struct user_namespace *capable_in,
	     int capability, int ret)
{
	return count_capability(ctx, cred, target, capability, ret);
}
