// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
//
// Which subject a task belongs to, and which new cgroups are containers and so become subjects of their own.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/maps.bpf.h"

#define MAX_CGROUP_DEPTH 64
#define CONTAINER_NAME_BYTES 128
#define CONTAINER_ID_DIGITS 64
#define SUFFIX_SCOPE 0x65706f63732eull     /* ".scope" */
#define SUFFIX_MONITOR 0x2d6e6f6d6e6f63ull /* "conmon-" */

static __always_inline __u64 cgroup_id(struct cgroup *cgroup)
{
	return BPF_CORE_READ(cgroup, kn, id);
}

static __always_inline struct cgroup *cgroup_parent(struct cgroup *cgroup)
{
	struct cgroup_subsys_state *parent = BPF_CORE_READ(cgroup, self.parent);

	if (!parent)
		return 0;
	// css is the cgroup's first member in all kernels, but let the relocation say so.
	return (void *)parent - bpf_core_field_offset(struct cgroup, self);
}

// The subject whose cgroup is `cgroup` or its nearest ancestor; 0 is none.
static __always_inline __u32 subject_of_cgroup(struct cgroup *cgroup)
{
	for (int depth = 0; depth < MAX_CGROUP_DEPTH && cgroup; depth++) {
		__u64 id = cgroup_id(cgroup);
		__u32 *subject = bpf_map_lookup_elem(&cgroup_subjects, &id);

		if (subject)
			return *subject;
		cgroup = cgroup_parent(cgroup);
	}
	return 0;
}

static __always_inline __u32 subject_of(struct task_struct *task)
{
	if (follow_processes) {
		__u32 process = task->tgid;
		__u32 *subject = bpf_map_lookup_elem(&process_subjects, &process);

		if (subject)
			return *subject;
	}
	return subject_of_cgroup(BPF_CORE_READ(task, cgroups, dfl_cgrp));
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
// container ("libpod-conmon-<id>.scope") is none.
static __noinline bool is_container_name(struct cgroup *cgroup)
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
	}
	end -= CONTAINER_ID_DIGITS;
	if (end == 0)
		return true;
	return ends_with(name, end, '-', 1) && !ends_with(name, end, SUFFIX_MONITOR, 7);
}

static __always_inline void tell_subject(struct cgroup *cgroup, __u32 subject, __u64 now, const char *path)
{
	struct recorder_news_subject *told = bpf_ringbuf_reserve(&news, sizeof(*told), 0);

	// The subject can still be found in the map; one that had no room is only counted then.
	if (!told)
		return;
	told->header.type = RECORDER_NEWS_SUBJECT;
	told->header.count = 0;
	told->header.time_ns = now;
	told->cgroup = cgroup_id(cgroup);
	told->subject = subject;
	told->reserved = 0;
	if (bpf_probe_read_kernel_str(told->path, sizeof(told->path), path) < 0)
		told->path[0] = 0;
	bpf_ringbuf_submit(told, 0);
}

// Makes `cgroup`, which has no task yet, a subject. 0 when there is no room for it.
static __always_inline __u32 add_subject(struct cgroup *cgroup, const char *path)
{
	__u64 id = cgroup_id(cgroup);

	// Checked first so that a flood of containers cannot make the counter wrap.
	if (next_subject >= subject_limit)
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
