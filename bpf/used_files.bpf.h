// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Files that a slot has used, and how. An opened file is found by its descriptor, and its path by its dentries. Where a
// call only names a file, the name is read from the program's memory, which may have changed since the kernel read it.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/files.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/slots.bpf.h"

// include/linux/fs.h; FMODE_CREATED is from 4.19 on.
#define OPENED_FOR_READING 0x1
#define OPENED_FOR_WRITING 0x2
#define CREATED_BY_OPEN 0x100000

static __always_inline struct evidence_scratch *scratch_for_evidence(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&evidence_scratch, &zero);
}

// Counts one more file of a directory. True if it gets no entry of its own: there are too many.
static __always_inline bool is_one_too_many(const struct recorder_directory_key *directory)
{
	__u32 *count = bpf_map_lookup_elem(&directories, directory);
	__u32 one = 1;

	if (count)
		return __sync_fetch_and_add(count, 1) >= RECORDER_DIRECTORY_FILES;
	// Without room for its count, a directory's files share one entry.
	return bpf_map_update_elem(&directories, directory, &one, BPF_ANY) != 0;
}

static __always_inline void add_uses(struct recorder_used_file *file, __u32 uses)
{
	if ((file->uses & uses) != uses)
		__sync_fetch_and_or(&file->uses, uses);
}

static __always_inline bool is_anywhere(struct vfsmount *vfsmount)
{
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt);
	__u64 namespace = (__u64)BPF_CORE_READ(mount, mnt_ns);

	return namespace && namespace < -4095ull;
}

static __noinline int keep_new_use(struct recorder_used_file_key *key, __u32 uses)
{
	struct recorder_directory_key directory = {.directory = key->parent, .mount = key->mount, .slot = key->slot};
	struct evidence_scratch *scratch = scratch_for_evidence();
	struct dentry *dentry = (struct dentry *)key->dentry;
	struct recorder_used_file *known;

	if (!scratch)
		return 0;
	struct inode *inode = BPF_CORE_READ(dentry, d_inode);

	scratch->file.mode = BPF_CORE_READ(inode, i_mode);
	scratch->file.device = BPF_CORE_READ(inode, i_rdev);
	if (is_one_too_many(&directory)) {
		dentry = (struct dentry *)key->parent;
		key->dentry = 0;
		key->name = 0;
		known = bpf_map_lookup_elem(&files, key);
		if (known) {
			add_uses(known, uses);
			return 0;
		}
		scratch->file.mode = 0;
		scratch->file.device = 0;
	}
	scratch->file.uses = uses;
	bpf_probe_read_kernel_str(scratch->file.filesystem, sizeof(scratch->file.filesystem), BPF_CORE_READ(inode, i_sb, s_type, name));
	*(volatile __u32 *)&scratch->file.path.length = 0;
	scratch->file.path.in_mount = 0;
	scratch->file.path.truncated = walk_path(dentry, (struct vfsmount *)key->mount, scratch->file.path.bytes, RECORDER_FILE_PATH_BYTES,
						 &scratch->file.path.length, &scratch->file.path.in_mount);
	if (bpf_map_update_elem(&files, key, &scratch->file, BPF_NOEXIST) == 0)
		return 0;
	known = bpf_map_lookup_elem(&files, key);
	if (known)
		add_uses(known, uses);
	else
		__sync_fetch_and_add(&losses.files_full, 1);
	return 0;
}

// Keeps the use of the file whose struct file is at `address`. `uses`: 0 for those of its open mode. Not static:
// checked by the verifier once, on its own.
__noinline int keep_use(__u32 slot, __u64 address, __u32 uses)
{
	struct file *file = (struct file *)address;
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *mount = BPF_CORE_READ(file, f_path.mnt);
	struct recorder_used_file_key key = {
		.dentry = (__u64)dentry,
		.parent = (__u64)BPF_CORE_READ(dentry, d_parent),
		.mount = (__u64)mount,
		.name = BPF_CORE_READ(dentry, d_name.hash_len),
		.slot = slot,
	};

	if (!key.dentry)
		return 0;
	if (!uses) {
		__u32 mode = BPF_CORE_READ(file, f_mode);

		if (mode & OPENED_FOR_READING || !(mode & OPENED_FOR_WRITING))
			uses |= RECORDER_FILE_READ;
		if (mode & OPENED_FOR_WRITING)
			uses |= RECORDER_FILE_WRITTEN;
		if (mode & CREATED_BY_OPEN)
			uses |= RECORDER_FILE_CREATED;
	}
	struct recorder_used_file *known = bpf_map_lookup_elem(&files, &key);

	if (known) {
		add_uses(known, uses);
		return 0;
	}
	// A pipe, a socket, a file without a name.
	if (!is_anywhere(mount))
		return 0;
	return keep_new_use(&key, uses);
}

// Sets `last` of `scratch` to the offset of its name's last component. Returns a hash of the part before that.
static __always_inline __u64 find_last_component(struct evidence_scratch *scratch)
{
	__u64 sum = 14695981039346656037ull; // FNV-1a
	__u64 hash = sum;

	scratch->last = 0;
	for (__u32 i = 0; i < RECORDER_NAME_BYTES; i++) {
		__u8 c = scratch->name.name[i];

		if (!c)
			break;
		sum = (sum ^ c) * 1099511628211ull;
		if (c == '/') {
			*(volatile __u32 *)&scratch->last = i + 1;
			hash = sum;
		}
	}
	return hash;
}

static __noinline int keep_new_name(struct evidence_scratch *scratch, __u64 dentry, __u64 mount)
{
	struct recorder_directory_key directory = {.directory = dentry, .mount = mount, .slot = scratch->name.slot};

	directory.name = find_last_component(scratch);
	if (is_one_too_many(&directory)) {
		for (__u32 i = 0; i < RECORDER_NAME_BYTES; i++) {
			if (i >= *(volatile __u32 *)&scratch->last)
				scratch->name.name[i] = 0;
		}
		scratch->name.others = 1;
		if (bpf_map_lookup_elem(&named_files, &scratch->name))
			return 0;
	}
	struct dentry *base = (struct dentry *)dentry;

	bpf_probe_read_kernel_str(scratch->named.filesystem, sizeof(scratch->named.filesystem),
				  BPF_CORE_READ(base, d_inode, i_sb, s_type, name));
	*(volatile __u32 *)&scratch->named.path.length = 0;
	scratch->named.path.in_mount = 0;
	scratch->named.path.truncated = walk_path(base, (struct vfsmount *)mount, scratch->named.path.bytes, RECORDER_FILE_PATH_BYTES,
						  &scratch->named.path.length, &scratch->named.path.in_mount);
	if (bpf_map_update_elem(&named_files, &scratch->name, &scratch->named, BPF_NOEXIST) &&
	    !bpf_map_lookup_elem(&named_files, &scratch->name))
		__sync_fetch_and_add(&losses.files_full, 1);
	return 0;
}

// Keeps the use of the file whose name is in scratch. `length`: its size including NUL, or a negative error; `base`:
// address of the struct path that a relative name starts from, or 0 for the working directory.
__noinline int keep_name(__u32 slot, long length, __u64 base, __u32 uses)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct evidence_scratch *scratch = scratch_for_evidence();

	if (!scratch)
		return 0;
	if (length < 0 || length == RECORDER_NAME_BYTES) {
		__sync_fetch_and_add(&losses.files_unread, 1);
		return 0;
	}
	// An empty name refers to the descriptor itself, whose file was recorded when it was opened.
	if (length <= 1)
		return 0;
	struct path *from = scratch->name.name[0] == '/' ? &task->fs->root : base ? (struct path *)base : &task->fs->pwd;
	__u64 dentry = (__u64)BPF_CORE_READ(from, dentry);
	__u64 mount = (__u64)BPF_CORE_READ(from, mnt);

	scratch->name.dentry = dentry;
	scratch->name.mount = mount;
	scratch->name.slot = slot;
	scratch->name.uses = uses;
	scratch->name.others = 0;
	if (bpf_map_lookup_elem(&named_files, &scratch->name))
		return 0;
	return keep_new_name(scratch, dentry, mount);
}

// As keep_name, for a name in the program's memory, of at most `bytes` including NUL.
static __always_inline void keep_user_name(__u32 slot, __u64 address, __u32 bytes, __u64 base, __u32 uses)
{
	struct evidence_scratch *scratch = scratch_for_evidence();

	if (!scratch || !address)
		return;
	if (bytes > RECORDER_NAME_BYTES)
		bytes = RECORDER_NAME_BYTES;
	__builtin_memset(scratch->name.name, 0, RECORDER_NAME_BYTES);
	keep_name(slot, bpf_probe_read_user_str(scratch->name.name, bytes, (void *)address), base, uses);
}
