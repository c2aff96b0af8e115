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

// Where a cgroup keeps its ancestors, an array by level that ends with itself: since Linux 6.1 pointers, ids before that.
static __always_inline __u64 ancestors_offset(void)
{
	__u64 offset;

	// The empty statements keep the compiler from looking for the one that this kernel lacks, too.
	if (bpf_core_field_exists(struct cgroup, ancestors)) {
		offset = bpf_core_field_offset(struct cgroup, ancestors);
		asm volatile("" : "+r"(offset));
	} else {
		offset = bpf_core_field_offset(struct cgroup___5_15, ancestor_ids);
		asm volatile("" : "+r"(offset));
	}
	return offset;
}

// The id of the ancestor of `cgroup` at `level`, which is at most its own: then it is the cgroup's.
static __always_inline __u64 ancestor_id(struct cgroup *cgroup, __u64 offset, __u32 level)
{
	__u64 ancestor = 0;

	bpf_probe_read_kernel(&ancestor, sizeof(ancestor), (void *)cgroup + offset + level * sizeof(ancestor));
	if (bpf_core_field_exists(struct cgroup, ancestors))
		return cgroup_id((struct cgroup *)ancestor);
	return ancestor;
}

// The subject whose cgroup is `address` or its nearest ancestor; 0 is none. However deep it is, only the levels at which there are
// subjects are looked at. Not static: checked by the verifier once, on its own.
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

// The address of a tracepoint's cgroup as a number: the verifier lets no pointer into a function that it checks on its own.
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

// The subject that a process is known to belong to, wherever it is now; 0 is none.
static __always_inline __u32 subject_of_process(__u32 process)
{
	__u32 *subject = bpf_map_lookup_elem(&process_subjects, &process);

	return subject ? *subject : 0;
}

// A task belongs to the subject in whose cgroup it is; outside of all, to the one that its process has belonged to before.
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

// The process of `task` is the subject's from here on, wherever it goes. False when there is no room to know that.
static __always_inline bool remember_process(struct task_struct *task, __u32 subject)
{
	__u32 process = task->tgid;

	if (bpf_map_update_elem(&process_subjects, &process, &subject, BPF_ANY)) {
		__sync_fetch_and_add(&unknown_processes, 1);
		return false;
	}
	// It may have ended meanwhile on another CPU, and its end was told already: its pid will be another's.
	if (has_ended(task))
		forget_process(process);
	return true;
}

// `suffix` holds up to eight characters, the first in the lowest byte: a string would be data that old loaders cannot place.
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

// Whether a cgroup of this name is a container, as engines name them: the id, 64 hex digits, by the cgroupfs driver of Docker,
// containerd and CRI-O; "<engine>-<id>" by Podman's; the same with ".scope" by everybody's systemd driver. The monitor of a
// container ("libpod-conmon-<id>.scope") is none. Its id is then in `id`.
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

static __always_inline void tell_subject(struct cgroup *cgroup, __u32 subject, __u64 now, const char *path)
{
	struct recorder_event_subject *told = bpf_ringbuf_reserve(&events, sizeof(*told), 0);

	// The subject can still be found in the map; one that had no room is only counted then.
	if (!told)
		return;
	told->header.type = RECORDER_EVENT_SUBJECT;
	told->header.count = 0;
	told->header.time_ns = now;
	told->cgroup = cgroup_id(cgroup);
	told->subject = subject;
	told->reserved = 0;
	if (bpf_probe_read_kernel_str(told->path, sizeof(told->path), path) < 0)
		told->path[0] = 0;
	bpf_ringbuf_submit(told, 0);
}

// Has subject_of_cgroup look at `level`, too. False when it looks at as many as it can.
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

// A container that is started anew has the same id and a new cgroup, which stands where the old one stood: it is the same subject, so
// that one that crashes in a loop takes no more room than another. 0 when the container has not been seen before.
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

// Makes `cgroup`, which has no task yet, a subject. 0 when there is no room for it.
static __always_inline __u32 add_subject(struct cgroup *cgroup, const char *path)
{
	__u64 id = cgroup_id(cgroup);

	// Checked first so that a flood of containers cannot make the counter wrap.
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
