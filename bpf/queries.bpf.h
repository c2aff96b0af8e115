// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Queries of user space: programs that it runs itself and that are attached to nothing.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/life.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/subjects.bpf.h"

// Makes the caller the recorder: processes that it forks from now on are runtimes at work, wherever they are. A move to
// a cgroup is visible in a task before its event, and in between the task may make calls.
SEC("syscall")
int mark_children(void *unused)
{
	recorder_process = bpf_get_current_task_btf()->tgid;
	return 0;
}

// Sets the id and level of a cgroup. Its path does not determine the level: the mount, or the cgroup namespace, may
// begin anywhere.
SEC("syscall")
int level_of_cgroup(struct recorder_cgroup_query *query)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = 0;

	if (query->descriptor >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), files + query->descriptor);
	struct kernfs_node *node = BPF_CORE_READ(file, f_inode, i_private);
	struct cgroup *cgroup = BPF_CORE_READ(node, priv);

	query->id = BPF_CORE_READ(node, id);
	query->level = BPF_CORE_READ(cgroup, level);
	return 0;
}

// Lists the processes that belong to subjects, and adds to process_subjects those that were in a cgroup before it
// became a subject.
SEC("iter/task")
int list_processes(struct bpf_iter__task *context)
{
	struct seq_file *out = context->meta->seq;
	struct task_struct *task = context->task;

	if (!task || task->pid != task->tgid || has_ended(task))
		return 0;
	__u32 subject = subject_of(task);

	if (!subject)
		return 0;
	if (!subject_of_process(task->tgid))
		remember_process(task, subject);
	note_caught(task, subject);
	// The iterator visits the tasks of the reader's pid namespace, and runs in the reader.
	struct task_struct *reader = bpf_get_current_task_btf();
	__u32 level = BPF_CORE_READ(reader, thread_pid, level);
	void *numbers = (void *)BPF_CORE_READ(task, thread_pid) + bpf_core_field_offset(struct pid, numbers);
	struct upid *number = numbers + level * bpf_core_type_size(struct upid);
	struct recorder_process process = {
		.pid = BPF_CORE_READ(number, nr),
		.subject = subject,
	};

	bpf_seq_write(out, &process, sizeof(process));
	return 0;
}
