// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Which slot a task's calls belong to: its subject by cgroup or process, its program by executable.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/calls.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/phases.bpf.h"
#include "bpf/subjects.bpf.h"

#define TASK_SLOT_BITS 20
#define MAX_PATH_COMPONENTS 48
#define MAX_COMPONENT 256

static __always_inline volatile __u64 *cache_entry(__u32 pid)
{
	return &task_slots[pid & (TASK_CACHE_SIZE - 1)];
}

// The value above the slot's bits in an entry of task_slots. A pid is less than 2^22 (PID_MAX_LIMIT).
static __always_inline __u64 cache_tag(__u32 pid, __u32 at_generation)
{
	return (__u64)at_generation << (32 - TASK_SLOT_BITS) | pid / TASK_CACHE_SIZE;
}

static __always_inline void forget(__u32 pid)
{
	*cache_entry(pid) = 0;
}

// Writes the path of `dentry` in the mount of `vfsmount`, leaf first, into `bytes` of size `capacity`, a power of two.
// `*length` is initially zero, and must be in a map, not in a variable: the verifier would follow every value that it
// could have. `*in_mount`, unless null, becomes the length of the part below the root of that mount. Returns true if
// the path is truncated. A concurrent rename or unmount can produce a path that never existed.
static __always_inline bool walk_path(struct dentry *dentry, struct vfsmount *vfsmount, char *bytes, const __u32 capacity,
				      volatile __u32 *length, volatile __u32 *in_mount)
{
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	bool crossed = false;

	for (int i = 0; i < MAX_PATH_COMPONENTS; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		__u32 used = *length;

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (!crossed && in_mount)
				*in_mount = used;
			crossed = true;
			if (above == mount)
				return false;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (used > capacity - MAX_COMPONENT)
			break;
		long written = bpf_probe_read_kernel_str(&bytes[used & (capacity - 1)], MAX_COMPONENT, BPF_CORE_READ(dentry, d_name.name));

		if (written <= 0)
			break;
		*length = used + written;
		dentry = parent;
	}
	return true;
}

// For people: the program's identity is device and inode, not the path.
static __always_inline void describe_path(struct recorder_slot *slot, struct file *file)
{
	if (walk_path(BPF_CORE_READ(file, f_path.dentry), BPF_CORE_READ(file, f_path.mnt), slot->path, RECORDER_PATH_BYTES,
		      &slot->path_length, 0))
		slot->path_truncated = 1;
}

// A new inode that reuses a number has another generation where the filesystem keeps one (ext4, xfs, btrfs, tmpfs). On
// overlayfs i_generation is always 0: there the change time distinguishes the two, and within one tick of its clock the
// address, which two inodes cannot share at the same time. A chmod or an eviction makes a new slot of the same program,
// which is harmless: user space merges equal ones.
static __always_inline __u32 generation_of(struct inode *inode)
{
	__u32 kept = BPF_CORE_READ(inode, i_generation);
	__u64 changed;

	if (kept)
		return kept;
	if (bpf_core_field_exists(inode->i_ctime_nsec)) {
		changed = BPF_CORE_READ(inode, i_ctime_sec) << 30 ^ BPF_CORE_READ(inode, i_ctime_nsec);
	} else if (bpf_core_field_exists(((struct inode___6_6 *)inode)->__i_ctime)) {
		struct inode___6_6 *older = (void *)inode;

		changed = BPF_CORE_READ(older, __i_ctime.tv_sec) << 30 ^ BPF_CORE_READ(older, __i_ctime.tv_nsec);
	} else {
		struct inode___5_15 *older = (void *)inode;

		changed = BPF_CORE_READ(older, i_ctime.tv_sec) << 30 ^ BPF_CORE_READ(older, i_ctime.tv_nsec);
	}
	changed ^= (__u64)inode;
	return changed ^ changed >> 32;
}

static __always_inline __u32 sparse_slot(__u32 subject, __u32 phase)
{
	return RECORDER_SPARSE | subject << 2 | phase;
}

// The slot of the program that the current task executes, created at the program's first call. Like decide(), not
// static: the verifier then checks it once, on its own, and not along every path that leads here.
__noinline __u32 slot_of_program(__u32 subject)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct recorder_slot_key key = {
		.subject = subject,
		.generation = generation_of(inode),
		.device = BPF_CORE_READ(inode, i_sb, s_dev),
		.inode = BPF_CORE_READ(inode, i_ino),
	};
	__u32 *known = bpf_map_lookup_elem(&slot_ids, &key);

	if (known)
		return *known;

	// Tested before the increment, so that a flood of programs cannot make the counter wrap.
	if (next_slot >= slot_limit) {
		__sync_fetch_and_add(&losses.slots_full, 1);
		return sparse_slot(subject, RECORDER_PHASE_MAIN);
	}
	__u32 slot = __sync_fetch_and_add(&next_slot, 1);
	struct recorder_slot *described = bpf_map_lookup_elem(&slots, &slot);

	if (!described) {
		__sync_fetch_and_add(&losses.slots_full, 1);
		return sparse_slot(subject, RECORDER_PHASE_MAIN);
	}
	described->key = key;
	described->pid = task->tgid;
	bpf_probe_read_kernel_str(described->comm, sizeof(described->comm), task->comm);
	describe_path(described, file);
		// Another CPU may have been faster: then its slot is the program's, and the one made here stays unused.
	if (bpf_map_update_elem(&slot_ids, &key, &slot, BPF_NOEXIST)) {
		known = bpf_map_lookup_elem(&slot_ids, &key);
		if (known)
			return *known;
		__sync_fetch_and_add(&losses.slots_full, 1);
		return sparse_slot(subject, RECORDER_PHASE_MAIN);
	}
	return slot;
}

// Slow path of slot_of, when the current task's slot is not cached. `id` is the call that it enters, or -1 at any other
// moment: in the middle of an exec the task executes the new program already.
__noinline __u32 decide(long id)
{
	struct task_struct *task = bpf_get_current_task_btf();
	// Read before the task's state: a concurrent move then invalidates the entry that is cached below.
	__u32 at_generation = *(volatile __u32 *)&generation;
	__u32 slot = 0;
	__u32 subject = subject_of(task);

	if (is_recorders_child(task)) {
		if (!runtime_of(task->tgid))
			begin_runtime(task, task);
		// Not cached: it is about to be moved.
		if (!subject)
			return 0;
	}
	if (subject) {
		struct recorder_runtime *runtime = current_runtime(task, id);

		// A move is visible in the task before its event, and the task may make a call in between. In a
		// container that was followed from the start, a process without an entry is one that was just moved in.
		if (!runtime && has_flag(subject, RECORDER_SUBJECT_ENROLLED) && !runtime_of(task->tgid)) {
			begin_runtime(task, task);
			runtime = current_runtime(task, id);
		}

		// Not cached: an exec needs the latest call, and a filter may be installed at any time.
		if (runtime)
			return sparse_slot(subject, phase_in(runtime, task));
		slot = slot_of_program(subject);
	}
	*cache_entry(task->pid) = cache_tag(task->pid, at_generation) << TASK_SLOT_BITS | slot;
	return slot;
}

#define SLOT_UNKNOWN 0xffffffffu

// The cached slot of any task, or SLOT_UNKNOWN; 0: it is not followed.
static __always_inline __u32 remembered_slot(__u32 pid)
{
	__u64 entry = *cache_entry(pid);

	if (entry >> TASK_SLOT_BITS == cache_tag(pid, *(volatile __u32 *)&generation))
		return entry & ((1 << TASK_SLOT_BITS) - 1);
	return SLOT_UNKNOWN;
}

static __always_inline __u32 slot_of(struct task_struct *task, long id)
{
	__u32 pid = task->pid;
	__u64 entry = *cache_entry(pid);

	if (entry >> TASK_SLOT_BITS == cache_tag(pid, *(volatile __u32 *)&generation))
		return entry & ((1 << TASK_SLOT_BITS) - 1);
	return decide(id);
}
