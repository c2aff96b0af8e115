// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// The kind of file behind a descriptor: it determines the driver that interprets a number passed to it.
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

// The open file of the current task's `descriptor`, or 0. Another thread may close it meanwhile, as it may between here
// and the call's own look-up.
static __always_inline struct file *file_of(struct task_struct *task, __u32 descriptor)
{
	struct fdtable *table = task->files->fdt;
	struct file **files = table->fd;
	struct file *file = 0;

	if (descriptor < table->max_fds)
		bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	return file;
}

// Fills in `kind`, which is all zero. Each read is a call into the kernel: there are only as many as distinguish kinds.
static __always_inline void describe_file(struct file *file, struct recorder_file *kind)
{
	if (!file) {
		kind->type = RECORDER_NO_FILE;
		return;
	}
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	__u32 type = BPF_CORE_READ(inode, i_mode) & FILE_TYPE_BITS;

	kind->type = type;
	if (type == FILE_SOCKET) {
		struct socket *socket = BPF_CORE_READ(file, private_data);

		kind->family = BPF_CORE_READ(socket, sk, __sk_common.skc_family);
		return;
	}
	if (type == FILE_CHARACTER_DEVICE || type == FILE_BLOCK_DEVICE) {
		__u32 device = BPF_CORE_READ(inode, i_rdev);
		__u32 major = DEVICE_MAJOR(device);

		// One driver for all minors.
		if (type == FILE_BLOCK_DEVICE || (major >= FIRST_PSEUDO_TERMINAL && major <= LAST_PSEUDO_TERMINAL))
			device = major << 20;
		kind->device = device;
		return;
	}
	if (type != FILE_PIPE)
		kind->operations = (__u64)BPF_CORE_READ(file, f_op);
}

// Fills in the name of a file with `operations` in `seen`, which is otherwise zero there.
static __always_inline void name_file(struct file *file, struct recorder_argument_file *seen)
{
	__u64 begin = 0;

	bpf_probe_read_kernel_str(seen->name, sizeof(seen->name), BPF_CORE_READ(file, f_inode, i_sb, s_type, name));
	__builtin_memcpy(&begin, seen->name, sizeof(begin));
	if (begin != ANONYMOUS)
		return;
	seen->anonymous = 1;
	__builtin_memset(seen->name, 0, sizeof(seen->name));
	bpf_probe_read_kernel_str(seen->name, sizeof(seen->name), BPF_CORE_READ(file, f_path.dentry, d_name.name));
}
