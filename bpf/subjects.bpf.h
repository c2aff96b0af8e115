// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Which subject a task belongs to, and which new cgroups are containers and so become subjects of their own.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/maps.bpf.h"

#define CONTAINER_NAME_BYTES 128
#define CONTAINER_ID_DIGITS RECORDER_CONTAINER_ID_DIGITS
#define SUFFIX_SCOPE 0x65706f63732eull     /* ".scope" */
#define SUFFIX_MONITOR 0x2d6e6f6d6e6f63ull /* "conmon-" */

static __always_inline __u64 cgroup_id(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, kn, id);
}

// Offset of the array of a cgroup's ancestors, by level, that ends with itself: pointers since Linux 6.1, ids before.
static __always_inline __u64 ancestors_offset(void)
{
	__u64 offset;

	// The empty statements keep the compiler from accessing the field that this kernel lacks, too.
	if (bpf_core_field_exists(struct cgroup, ancestors)) {
		offset = bpf_core_field_offset(struct cgroup, ancestors);
		asm volatile("" : "+r"(offset));
	} else {
		offset = bpf_core_field_offset(struct cgroup___5_15, ancestor_ids);
		asm volatile("" : "+r"(offset));
	}
	return offset;
}

// The id of the ancestor of `cgroup` at `level`, which is at most its own level; at its own, the id of `cgroup` itself.
static __always_inline __u64 ancestor_id(struct cgroup *cgroup, __u64 offset, __u32 level)
{
	__u64 ancestor = 0;

	bpf_probe_read_kernel(&ancestor, sizeof(ancestor), (void *)cgroup + offset + level * sizeof(ancestor));
	if (bpf_core_field_exists(struct cgroup, ancestors))
		return cgroup_id((struct cgroup *)ancestor);
	return ancestor;
}

// The subject whose cgroup is `address` or its nearest ancestor; 0: none. At any depth, only the levels that have
// subjects are searched. Not static: checked by the verifier once, on its own.
__noinline __u32 subject_of_cgroup(__u64 address)
{
	struct cgroup *cgroup = (void *)address;
	__u32 own_level = BPF_CORE_READ(cgroup, level);
	__u64 offset = ancestors_offset();
	__u32 nearest = 0;
	__u32 subject = 0;

	for (int i = 0; i < RECORDER_SUBJECT_LEVELS; i++) {
		__u32 level_and_one = *(volatile __u32 *)&subject_levels[i];

		if (level_and_one == 0)
			break;
		if (level_and_one - 1 > own_level || level_and_one < nearest)
			continue;
		__u64 id = ancestor_id(cgroup, offset, level_and_one - 1);
		__u32 *found = bpf_map_lookup_elem(&cgroup_subjects, &id);

		if (found) {
			subject = *found;
			nearest = level_and_one;
		}
	}
	return subject;
}

// The address of a tracepoint's cgroup as a number: the verifier passes no pointer to a function that it checks on its
// own.
static __always_inline __u64 address_of(struct cgroup *cgroup)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &cgroup);
	return address;
}

static __always_inline __u64 cgroup_of(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, cgroups, dfl_cgrp);
}

// The subject that a process is recorded as belonging to, wherever it is now; 0: none.
static __always_inline __u32 subject_of_process(__u32 process)
{
	__u32 *subject = bpf_map_lookup_elem(&process_subjects, &process);

	return subject ? *subject : 0;
}

// A task belongs to the subject whose cgroup it is in; outside of all, to the one that its process belonged to before.
static __always_inline __u32 subject_of(struct task_struct *task)
{
	__u32 subject = subject_of_cgroup(cgroup_of(task));

	return subject ? subject : subject_of_process(task->tgid);
}

static __always_inline bool has_ended(struct task_struct *process)
{
	return BPF_CORE_READ(process, signal, live.counter) == 0;
}

static __always_inline void forget_process(__u32 process)
{
	bpf_map_delete_elem(&process_subjects, &process);
}

// Makes the process of `task` a member of the subject from here on, wherever it moves. False if the table is full.
static __always_inline bool remember_process(struct task_struct *task, __u32 subject)
{
	__u32 process = task->tgid;

	if (bpf_map_update_elem(&process_subjects, &process, &subject, BPF_ANY)) {
		__sync_fetch_and_add(&unknown_processes, 1);
		return false;
	}
	// It may have ended meanwhile on another CPU, and its exit event may have passed: its pid will be reused.
	if (has_ended(task))
		forget_process(process);
	return true;
}

// `suffix` contains up to eight characters, the first in the lowest byte: a string would be data that old loaders
// cannot place.
static __always_inline bool ends_with(const char *text, __u32 end, __u64 suffix, __u32 length)
{
	if (end < length)
		return false;
	for (__u32 i = 0; i < length; i++) {
		if (text[(end - length + i) & (CONTAINER_NAME_BYTES - 1)] != (char)(suffix >> 8 * i))
			return false;
	}
	return true;
}

// Whether the cgroup has the name of a container; sets `*id` if so. Engines name them by the id, 64 hex digits
// (cgroupfs driver of Docker, containerd and CRI-O), "<engine>-<id>" (cgroupfs driver of Podman), or either with
// ".scope" (systemd driver of all). The monitor of a container ("libpod-conmon-<id>.scope") is none; `*id` is set for
// it, too.
static __noinline bool is_container_name(struct cgroup *cgroup, struct recorder_container_id *id)
{
	char name[CONTAINER_NAME_BYTES];
	long length = bpf_probe_read_kernel_str(name, sizeof(name), BPF_CORE_READ(cgroup, kn, name));

	if (length <= 1 || length >= CONTAINER_NAME_BYTES)
		return false;
	__u32 end = length - 1;

	if (ends_with(name, end, SUFFIX_SCOPE, 6))
		end -= 6;
	if (end < CONTAINER_ID_DIGITS || end >= CONTAINER_NAME_BYTES)
		return false;
	for (__u32 i = 1; i <= CONTAINER_ID_DIGITS; i++) {
		char digit = name[(end - i) & (CONTAINER_NAME_BYTES - 1)];

		if (!((digit >= '0' && digit <= '9') || (digit >= 'a' && digit <= 'f')))
			return false;
		id->digits[CONTAINER_ID_DIGITS - i] = digit;
	}
	end -= CONTAINER_ID_DIGITS;
	if (end == 0)
		return true;
	return ends_with(name, end, '-', 1) && !ends_with(name, end, SUFFIX_MONITOR, 7);
}

static __always_inline void submit_subject(struct cgroup *cgroup, __u32 subject, __u64 now, const char *path)
{
	struct recorder_event_subject *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	// Not a loss: user space still finds the subject in the map, or its count in losses.subjects_full.
	if (!event)
		return;
	event->header.type = RECORDER_EVENT_SUBJECT;
	event->header.count = 0;
	event->header.time_ns = now;
	event->cgroup = cgroup_id(cgroup);
	event->subject = subject;
	event->reserved = 0;
	if (bpf_probe_read_kernel_str(event->path, sizeof(event->path), path) < 0)
		event->path[0] = 0;
	bpf_ringbuf_submit(event, 0);
}

// Makes subject_of_cgroup search `level`, too. False if all entries are in use.
static __always_inline bool watch_level(__u32 level)
{
	__u32 level_and_one = level + 1;

	for (int i = 0; i < RECORDER_SUBJECT_LEVELS; i++) {
		__u32 before = __sync_val_compare_and_swap(&subject_levels[i], 0, level_and_one);

		if (before == 0 || before == level_and_one)
			return true;
	}
	return false;
}

// The existing subject of a container that is restarted, now with `cgroup`: the id is the same, the cgroup a new one in
// the same place. One subject for both, so that a container that crashes in a loop takes no more room than another. 0
// if the container was not seen before.
static __always_inline __u32 restarted_subject(struct cgroup *cgroup, const struct recorder_container_id *container)
{
	__u32 *known = bpf_map_lookup_elem(&container_subjects, container);

	if (!known)
		return 0;
	__u32 subject = *known;
	__u64 id = cgroup_id(cgroup);
	struct recorder_subject *described = bpf_map_lookup_elem(&subjects, &subject);

	if (!described || !watch_level(BPF_CORE_READ(cgroup, level)))
		return 0;
	__u64 before = described->cgroup;

	bpf_map_delete_elem(&cgroup_subjects, &before);
	described->cgroup = id;
	described->first = 0;
	__sync_fetch_and_add(&described->restarts, 1);
	return bpf_map_update_elem(&cgroup_subjects, &id, &subject, BPF_ANY) ? 0 : subject;
}

// Makes `cgroup`, which has no task yet, a subject. 0 if there is no room for it.
static __always_inline __u32 add_subject(struct cgroup *cgroup, const char *path)
{
	__u64 id = cgroup_id(cgroup);

	// Tested before the increment, so that a flood of containers cannot make the counter wrap.
	if (next_subject >= subject_limit || !watch_level(BPF_CORE_READ(cgroup, level)))
		return 0;
	__u32 subject = __sync_fetch_and_add(&next_subject, 1);
	struct recorder_subject *described = bpf_map_lookup_elem(&subjects, &subject);

	if (!described)
		return 0;
	described->cgroup = id;
	described->flags = RECORDER_SUBJECT_CONTAINER | RECORDER_SUBJECT_ENROLLED;
	if (bpf_probe_read_kernel_str(described->path, sizeof(described->path), path) < 0)
		described->path[0] = 0;
	if (bpf_map_update_elem(&cgroup_subjects, &id, &subject, BPF_NOEXIST))
		return 0;
	return subject;
}

static __always_inline bool has_flag(__u32 subject, __u32 flag)
{
	struct recorder_subject *described = bpf_map_lookup_elem(&subjects, &subject);

	return described && described->flags & flag;
}
