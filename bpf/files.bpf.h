// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What kind of file a descriptor stands for: which driver will read a number that is handed to it.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/recorder.h"

#define FILE_TYPE_BITS 0170000   /* S_IFMT and its values (include/uapi/linux/stat.h) */
#define FILE_SOCKET 0140000
#define FILE_BLOCK_DEVICE 0060000
#define FILE_CHARACTER_DEVICE 0020000
#define FILE_PIPE 0010000
#define DEVICE_MAJOR(device) ((device) >> 20)
#define FIRST_PSEUDO_TERMINAL 128 /* UNIX98_PTY_MASTER_MAJOR to UNIX98_PTY_SLAVE_MAJOR + 7 (include/uapi/linux/major.h) */
#define LAST_PSEUDO_TERMINAL 143
#define ANONYMOUS 0x6f6e695f6e6f6e61ull /* "anon_ino", of "anon_inodefs" */

// Fills in `file`, which is all zero, for the current task's `descriptor`. Another thread may close it meanwhile, as it may between
// here and the call's own look at it.
static __always_inline void describe_file(struct task_struct *task, __u32 descriptor, struct recorder_file *file)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *open = 0;
	union {
		char bytes[RECORDER_FILE_NAME_BYTES];
		__u64 first;
	} name = {};

	if (descriptor < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&open, sizeof(open), files + descriptor);
	if (!open) {
		file->type = RECORDER_NO_FILE;
		return;
	}
	struct inode *inode = BPF_CORE_READ(open, f_inode);
	__u32 type = BPF_CORE_READ(inode, i_mode) & FILE_TYPE_BITS;

	file->type = type;
	if (type == FILE_SOCKET) {
		struct socket *socket = BPF_CORE_READ(open, private_data);

		file->family = BPF_CORE_READ(socket, sk, __sk_common.skc_family);
		return;
	}
	if (type == FILE_CHARACTER_DEVICE || type == FILE_BLOCK_DEVICE) {
		__u32 device = BPF_CORE_READ(inode, i_rdev);
		__u32 major = DEVICE_MAJOR(device);

		// One driver each, whichever of its devices it is.
		if (type == FILE_BLOCK_DEVICE || (major >= FIRST_PSEUDO_TERMINAL && major <= LAST_PSEUDO_TERMINAL))
			device = major << 20;
		file->device = device;
		return;
	}
	if (type == FILE_PIPE)
		return;
	bpf_probe_read_kernel_str(name.bytes, sizeof(name.bytes), BPF_CORE_READ(inode, i_sb, s_type, name));
	if (name.first == ANONYMOUS) {
		file->type = RECORDER_ANONYMOUS_FILE;
		__builtin_memset(&name, 0, sizeof(name));
		bpf_probe_read_kernel_str(name.bytes, sizeof(name.bytes), BPF_CORE_READ(open, f_path.dentry, d_name.name));
	}
	__builtin_memcpy(file->name, name.bytes, sizeof(file->name));
}
