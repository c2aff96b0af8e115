// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Attachment points, second form: tracepoint events through perf, which runs programs with preemption off on every
// kernel (perf_trace_* in include/trace/perf.h), so that none is skipped because of another task. An event is a record
// of numbers: its objects have to be looked up, with functions that programs of this type may call since Linux 6.12.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#define ROOT_CGROUP_ID 1
#define DESCENDANTS_PRE 2 /* BPF_CGROUP_ITER_DESCENDANTS_PRE, since 6.1 */

extern struct task_struct *bpf_task_from_pid(s32 pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;
extern struct cgroup *bpf_cgroup_from_id(u64 id) __ksym __weak;
extern void bpf_cgroup_release(struct cgroup *cgroup) __ksym __weak;
extern int bpf_iter_css_new(struct bpf_iter_css *it, struct cgroup_subsys_state *start, unsigned int flags) __ksym __weak;
extern struct cgroup_subsys_state *bpf_iter_css_next(struct bpf_iter_css *it) __ksym __weak;
extern void bpf_iter_css_destroy(struct bpf_iter_css *it) __ksym __weak;

// A string of an event: the lower half of its __data_loc field is the offset from the event's beginning.
#define EVENT_TEXT(event, field) ((const char *)(event) + ((event)->__data_loc_##field & 0xffff))

SEC("tracepoint/raw_syscalls/sys_enter")
int on_perf_sys_enter(struct trace_event_raw_sys_enter *event)
{
	return enter_call(bpf_get_current_task_btf(), event->id);
}

// Replaces on_perf_sys_enter where it is available and exits are not attached: attached to all functions that serve
// calls. Then no task of the host has to take the slow entry path that any use of raw_syscalls imposes on all of them,
// and a call costs a fraction. ftrace runs this with preemption off, too. A number of -1 reaches no function, which
// matters only with exits attached.
SEC("kprobe.multi")
int on_handler(struct pt_regs *registers)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);

#if defined(__TARGET_ARCH_x86)
	return enter_call(task, (int)regs->orig_ax);
#else
	return enter_call(task, regs->syscallno);
#endif
}

SEC("tracepoint/raw_syscalls/sys_exit")
int on_perf_sys_exit(struct trace_event_raw_sys_exit *event)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return leave_call(task, (struct pt_regs *)bpf_task_pt_regs(task), event->ret);
}

SEC("tracepoint/sched/sched_process_exec")
int on_perf_exec(struct trace_event_raw_sched_process_exec *event)
{
	return change_program(bpf_get_current_task_btf(), event->old_pid, EVENT_TEXT(event, filename));
}

SEC("tracepoint/sched/sched_process_fork")
int on_perf_fork(struct trace_event_raw_sched_process_fork *event)
{
	struct task_struct *parent = bpf_get_current_task_btf();
	struct task_struct *child = bpf_task_from_pid(event->child_pid);

	// The child is not running yet, so it exists. It would be a member of its parent's subject.
	if (!child) {
		if (subject_of_process(parent->tgid) || subject_of_cgroup(cgroup_of(parent)))
			__sync_fetch_and_add(&losses.enrolment_failed, 1);
		return 0;
	}
	begin_task(parent, child);
	bpf_task_release(child);
	return 0;
}

// bpf_cgroup_from_id() does not find a cgroup whose creation is not complete, and this event precedes that. It is
// already among its parent's children then.
SEC("tracepoint/cgroup/cgroup_mkdir")
int on_perf_cgroup_mkdir(struct trace_event_raw_cgroup *event)
{
	struct cgroup_subsys_state *found;
	struct bpf_iter_css descendants;
	struct cgroup *root;
	__u64 id = event->id;

	if (event->root != 0)
		return 0;
	root = bpf_cgroup_from_id(ROOT_CGROUP_ID);
	if (!root) {
		__sync_fetch_and_add(&losses.subjects_full, 1);
		return 0;
	}
	bpf_iter_css_new(&descendants, &root->self, DESCENDANTS_PRE);
	while ((found = bpf_iter_css_next(&descendants))) {
		struct cgroup *cgroup = found->cgroup;

		if (cgroup->kn->id != id)
			continue;
		begin_cgroup(cgroup, EVENT_TEXT(event, path));
		break;
	}
	if (!found)
		__sync_fetch_and_add(&losses.subjects_full, 1);
	bpf_iter_css_destroy(&descendants);
	bpf_cgroup_release(root);
	return 0;
}

// Whether all threads of a process were moved to `destination`; the event does not report it. A move of only the first
// thread leaves the newest one behind.
static __always_inline bool moved_whole(struct task_struct *task, struct cgroup *destination)
{
	void *last = BPF_CORE_READ(task, signal, thread_head.prev);
	struct task_struct *thread = last - bpf_core_field_offset(struct task_struct, thread_node);

	return task->pid == task->tgid && cgroup_of(thread) == address_of(destination);
}

SEC("tracepoint/cgroup/cgroup_attach_task")
int on_perf_cgroup_attach(struct trace_event_raw_cgroup_migrate *event)
{
	struct cgroup *destination;
	struct task_struct *task;

	if (event->dst_root != 0)
		return 0;
	// A task that is not found has ended.
	task = bpf_task_from_pid(event->pid);
	if (!task)
		return 0;
	destination = bpf_cgroup_from_id(event->dst_id);
	if (destination) {
		change_cgroup(task, destination, EVENT_TEXT(event, dst_path), moved_whole(task, destination));
		bpf_cgroup_release(destination);
	} else {
		// It cannot disappear while a task is being moved there.
		__sync_fetch_and_add(&losses.enrolment_failed, 1);
	}
	bpf_task_release(task);
	return 0;
}

SEC("tracepoint/sched/sched_process_exit")
int on_perf_exit(void *event)
{
	return end_task(bpf_get_current_task_btf());
}

SEC("tracepoint/signal/signal_generate")
int on_perf_signal(struct trace_event_raw_signal_generate *event)
{
	// The receiver may be a thread that is just ending: then the signal has no effect.
	struct task_struct *task = bpf_task_from_pid(event->pid);

	if (!task)
		return 0;
	count_signal(task, event->sig, event->code, event->result);
	bpf_task_release(task);
	return 0;
}

SEC("tracepoint/capability/cap_capable")
int on_perf_capable(struct trace_event_raw_cap_capable *event)
{
	return count_capability(event, event->cred, event->target_ns, event->cap, event->ret);
}
