// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Peak memory and peak number of tasks of a subject's cgroup, read at moments that user space would miss.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/slots.bpf.h"

// The state of the controller `id` for the cgroup of `task`.
static __always_inline void *controller_of(struct task_struct *task, __u32 id)
{
	void *set = BPF_CORE_READ(task, cgroups);
	void *state = 0;

	bpf_probe_read_kernel(&state, sizeof(state), set + bpf_core_field_offset(struct css_set, subsys) + 8 * id);
	return state;
}

// `task` is the last of its process. Its cgroup may be removed before user space can read it.
static __always_inline void note_memory(struct task_struct *task)
{
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return;
	__u32 number = subject_of(task);
	struct recorder_subject *subject = number ? bpf_map_lookup_elem(&subjects, &number) : 0;
	struct mem_cgroup *memory;

	if (!subject)
		return;
	memory = controller_of(task, bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id));
	__u64 pages = BPF_CORE_READ(memory, memory.watermark);

	if (subject->most_pages < pages)
		subject->most_pages = pages;
}

// `task` has just created a task.
static __always_inline void note_tasks(struct task_struct *task)
{
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return;
	__u32 number = remembered_slot(task->pid) ? subject_of(task) : 0;
	struct recorder_subject *subject = number ? bpf_map_lookup_elem(&subjects, &number) : 0;
	struct pids_cgroup *pids;

	if (!subject)
		return;
	pids = controller_of(task, bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id));
	__u64 tasks = BPF_CORE_READ(pids, counter.counter);

	if (subject->most_tasks < tasks)
		subject->most_tasks = tasks;
}
