// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What programs use besides calls: files, addresses, user ids. It is looked at where a call ends that has succeeded, and where a
// program is executed. A file that was opened is found by its descriptor, and its path by its dentries. Where a call only names a file,
// its name is read from the program's memory, which could have changed since the kernel has read it.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/calls.bpf.h"
#include "bpf/files.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/slots.bpf.h"

// include/linux/fs.h; FMODE_CREATED is from 4.19 on.
#define OPENED_FOR_READING 0x1
#define OPENED_FOR_WRITING 0x2
#define CREATED_BY_OPEN 0x100000
#define SET_USER_BIT 04000
#define SET_GROUP_BIT 02000
#define GROUP_MAY_EXECUTE 010
#define MAY_EXECUTE 4 /* PROT_EXEC */
#define OF_NO_FILE 0x20 /* MAP_ANONYMOUS */
#define NOT_YET_CONNECTED 115 /* EINPROGRESS */
#define FAMILY_UNIX 1
#define FAMILY_INET 2
#define FAMILY_INET6 10
#define FAMILY_NETLINK 16
#define MESSAGE_BYTES 64 /* of a struct mmsghdr, which begins with its struct msghdr (include/linux/socket.h) */
#define NARROW_MESSAGE_BYTES 32 /* struct compat_mmsghdr (include/net/compat.h) */
// Of socketcall(2): include/uapi/linux/net.h.
#define SOCKETCALL_ARGUMENTS 6
#define SOCKETCALL_SOCKET 1
#define SOCKETCALL_BIND 2
#define SOCKETCALL_CONNECT 3
#define SOCKETCALL_ACCEPT 5
#define SOCKETCALL_SENDTO 11
#define SOCKETCALL_SENDMSG 16
#define SOCKETCALL_ACCEPT4 18
#define SOCKETCALL_SENDMMSG 20
#define AUXV_END 0
#define AUXV_BASE 7
#define AUXV_SECURE 23
#define AUXV_PAIRS 22

static __always_inline struct evidence_scratch *scratch_for_evidence(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&evidence_scratch, &zero);
}

// One more file of a directory. Whether it is not told by itself: there are too many.
static __always_inline bool is_one_too_many(const struct recorder_directory_key *directory)
{
	__u32 *count = bpf_map_lookup_elem(&directories, directory);
	__u32 one = 1;

	if (count)
		return __sync_fetch_and_add(count, 1) >= RECORDER_DIRECTORY_FILES;
	// Without room for its count, a directory's files are told together.
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

// The file whose struct is at `address`. Not static: checked by the verifier once, on its own.
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

// Sets `last` of what is in scratch to where the last component of its name begins; a hash of what is before that.
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

// The file whose name is in scratch, which is `length` bytes with its end, or a negative error; a relative one begins in the directory
// `base`, a path's address.
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
	// The descriptor itself is meant: what was opened is known.
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

// The same of a name in the program's memory, of at most `bytes` with its end.
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

static __always_inline __u8 scope_of_inet(__u32 address)
{
	__u32 host = __builtin_bswap32(address);

	if (!host)
		return RECORDER_SCOPE_ANY;
	if (host >> 24 == 127)
		return RECORDER_SCOPE_LOOPBACK;
	if (host >> 24 == 10 || host >> 20 == 0xac1 || host >> 16 == 0xc0a8 || host >> 22 == 0x6440 >> 6)
		return RECORDER_SCOPE_PRIVATE;
	if (host >> 16 == 0xa9fe)
		return RECORDER_SCOPE_LINK_LOCAL;
	if (host >> 28 == 0xe || host == 0xffffffff)
		return RECORDER_SCOPE_MULTICAST;
	return RECORDER_SCOPE_PUBLIC;
}

static __always_inline __u8 scope_of_inet6(const __u32 *address)
{
	__u32 first = __builtin_bswap32(address[0]);

	if (!(address[0] | address[1] | address[2])) {
		if (!address[3])
			return RECORDER_SCOPE_ANY;
		if (__builtin_bswap32(address[3]) == 1)
			return RECORDER_SCOPE_LOOPBACK;
	}
	if (!(address[0] | address[1]) && __builtin_bswap32(address[2]) == 0xffff)
		return scope_of_inet(address[3]);
	if (first >> 25 == 0xfc >> 1)
		return RECORDER_SCOPE_PRIVATE;
	if (first >> 22 == 0xfe80 >> 6)
		return RECORDER_SCOPE_LINK_LOCAL;
	if (first >> 24 == 0xff)
		return RECORDER_SCOPE_MULTICAST;
	return RECORDER_SCOPE_PUBLIC;
}

// The address of `length` bytes at `address`, with which the socket `descriptor` has something to do.
__noinline int keep_address(__u32 slot, __u32 descriptor, __u64 address, __u32 length, __u32 uses)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct {
		__u16 family;
		__u16 port;
		__u32 words[6];
	} given = {};
	struct recorder_endpoint_key key = {.slot = slot, .connected = uses == RECORDER_FILE_CONNECTED};
	__u8 one = 1;

	if (!address || length < sizeof(given.family))
		return 0;
	// Shorter ones are followed by something, or cannot be read and are read again.
	if (bpf_probe_read_user(&given, sizeof(given), (void *)address) &&
	    (bpf_probe_read_user(&given, 16, (void *)address) && bpf_probe_read_user(&given, 4, (void *)address))) {
		__sync_fetch_and_add(&losses.addresses_unread, 1);
		return 0;
	}
	struct file *file = file_of(task, descriptor);
	struct socket *socket = BPF_CORE_READ(file, private_data);

	key.family = given.family;
	key.type = BPF_CORE_READ(socket, type);
	switch (given.family) {
	case 0:
		return 0;
	case FAMILY_UNIX:
		if (length == sizeof(given.family))
			break;
		if (given.port & 0xff)
			// The kernel ends it behind its length.
			keep_user_name(slot, address + sizeof(given.family), length - sizeof(given.family) + 1, 0,
				       key.connected ? RECORDER_FILE_CONNECTED : RECORDER_FILE_CREATED | RECORDER_FILE_SOCKET);
		if (given.port & 0xff)
			return 0;
		break;
	case FAMILY_INET:
		key.port = __builtin_bswap16(given.port);
		key.scope = scope_of_inet(given.words[0]);
		break;
	case FAMILY_INET6:
		key.port = __builtin_bswap16(given.port);
		key.scope = scope_of_inet6(&given.words[1]);
		break;
	}
	if (!bpf_map_lookup_elem(&endpoints, &key) && bpf_map_update_elem(&endpoints, &key, &one, BPF_ANY))
		__sync_fetch_and_add(&losses.endpoints_full, 1);
	return 0;
}

// Where a message went whose struct msghdr is at `address`; 1 when that cannot be read. What has no address goes where the socket is
// connected to. Only 64-bit programs have the wide form. Not static: a loop around it costs the verifier little.
__noinline int keep_message(__u32 slot, __u32 descriptor, __u64 address, __u32 abi)
{
	struct {
		__u64 name;
		__u32 length;
		__u32 unused;
	} given = {};
	__u32 narrow[2] = {};

	if (abi == RECORDER_ABI_NATIVE) {
		if (bpf_probe_read_user(&given, 12, (void *)address))
			goto unread;
	} else {
		if (bpf_probe_read_user(narrow, sizeof(narrow), (void *)address))
			goto unread;
		given.name = narrow[0];
		given.length = narrow[1];
	}
	keep_address(slot, descriptor, given.name, given.length, RECORDER_FILE_CONNECTED);
	return 0;
unread:
	__sync_fetch_and_add(&losses.addresses_unread, 1);
	return 1;
}

// The same of `count` of them, each a struct mmsghdr or, of one, a struct msghdr.
__noinline int keep_messages(__u32 slot, __u32 descriptor, __u64 address, __u32 count, __u32 abi)
{
	__u32 bytes = abi == RECORDER_ABI_NATIVE ? MESSAGE_BYTES : NARROW_MESSAGE_BYTES;

	for (__u32 i = 0; i < RECORDER_MESSAGES; i++) {
		if (i >= count || keep_message(slot, descriptor, address, abi))
			break;
		address += bytes;
	}
	return 0;
}

// What the kernel's number `kernel_id` is in a user namespace.
static __always_inline __u32 id_in(const struct uid_gid_map *map, __u32 kernel_id)
{
	for (__u32 i = 0; i < 5; i++) {
		__u32 lower = BPF_CORE_READ(map, extent[i].lower_first);

		if (i >= BPF_CORE_READ(map, nr_extents))
			break;
		if (kernel_id - lower < BPF_CORE_READ(map, extent[i].count))
			return BPF_CORE_READ(map, extent[i].first) + (kernel_id - lower);
	}
	return kernel_id;
}

__noinline int keep_ids(__u32 slot)
{
	const struct cred *cred = bpf_get_current_task_btf()->cred;
	struct user_namespace *namespace = BPF_CORE_READ(cred, user_ns);
	struct recorder_ids_key key = {
		.slot = slot,
		.user = id_in(&namespace->uid_map, cred->uid.val),
		.effective_user = id_in(&namespace->uid_map, cred->euid.val),
		.group = id_in(&namespace->gid_map, cred->gid.val),
		.effective_group = id_in(&namespace->gid_map, cred->egid.val),
	};
	__u8 one = 1;

	if (!bpf_map_lookup_elem(&process_ids, &key) && bpf_map_update_elem(&process_ids, &key, &one, BPF_ANY))
		__sync_fetch_and_add(&losses.ids_full, 1);
	return 0;
}

static __always_inline void note_descriptor(__u32 number, long descriptor)
{
	struct recorder_slot *slot = bpf_map_lookup_elem(&slots, &number);

	if (slot && slot->descriptors <= descriptor)
		slot->descriptors = descriptor + 1;
}

static __always_inline bool is_kept(__u32 slot)
{
	return slot && !(slot & RECORDER_SPARSE && (slot & 3) != RECORDER_PHASE_MAIN);
}

// The operation `which` of socketcall(2), whose arguments are at `address`, has ended with `ret`.
static __always_inline void keep_socketcall(__u32 slot, __u32 which, __u64 address, long ret)
{
	__u32 given[SOCKETCALL_ARGUMENTS] = {};

	if (which == SOCKETCALL_SOCKET || which == SOCKETCALL_ACCEPT || which == SOCKETCALL_ACCEPT4) {
		if (ret >= 0)
			note_descriptor(slot, ret);
		return;
	}
	if (ret < 0 && which != SOCKETCALL_CONNECT)
		return;
	if (which != SOCKETCALL_BIND && which != SOCKETCALL_CONNECT && which != SOCKETCALL_SENDTO && which != SOCKETCALL_SENDMSG &&
	    which != SOCKETCALL_SENDMMSG)
		return;
	// Those with fewer are followed by something, or cannot be read and are read again.
	if (bpf_probe_read_user(given, sizeof(given), (void *)address) && bpf_probe_read_user(given, 12, (void *)address)) {
		__sync_fetch_and_add(&losses.addresses_unread, 1);
		return;
	}
	switch (which) {
	case SOCKETCALL_BIND:
		keep_address(slot, given[0], given[1], given[2], 0);
		break;
	case SOCKETCALL_CONNECT:
		keep_address(slot, given[0], given[1], given[2], RECORDER_FILE_CONNECTED);
		break;
	case SOCKETCALL_SENDTO:
		keep_address(slot, given[0], given[4], given[5], RECORDER_FILE_CONNECTED);
		break;
	default:
		keep_messages(slot, given[0], given[1], which == SOCKETCALL_SENDMMSG && ret >= 0 ? ret : 1, RECORDER_ABI_COMPAT);
	}
}

// Whether a call of this kind that ended with `ret` has done something: a connection may still be on its way.
static __always_inline bool has_happened(__u8 kind, long ret)
{
	return ret >= 0 || (ret == -NOT_YET_CONNECTED && (kind == RECORDER_EVIDENCE_ADDRESS || kind == RECORDER_EVIDENCE_MESSAGES ||
							  kind == RECORDER_EVIDENCE_SOCKETCALL));
}

// The call of the current task that has this place in evidence_calls has ended with `ret`.
__noinline int keep_evidence_of(__u32 place, __u32 abi, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	const volatile struct recorder_evidence_call *call = &evidence_calls[place & (RECORDER_EVIDENCE_CALLS - 1)];
	const volatile struct recorder_evidence_path *first = &call->paths[0];
	__u32 slot = slot_of(task, -1);
	__u64 mask = abi == RECORDER_ABI_COMPAT ? 0xffffffff : ~0ull;
	__u8 kind = call->kind;
	struct file *file;

	if (!is_kept(slot) || !has_happened(kind, ret))
		return 0;
	switch (kind) {
	case RECORDER_EVIDENCE_OPEN:
		file = file_of(task, ret);
		if (file)
			keep_use(slot, (__u64)file, 0);
		note_descriptor(slot, ret);
		break;
	case RECORDER_EVIDENCE_RESULT:
		note_descriptor(slot, ret);
		break;
	case RECORDER_EVIDENCE_DESCRIPTOR:
		file = file_of(task, argument_of(regs, abi, first->path));
		if (file)
			keep_use(slot, (__u64)file, first->uses);
		break;
	case RECORDER_EVIDENCE_MAP:
		if (!(argument_of(regs, abi, 2) & MAY_EXECUTE) || argument_of(regs, abi, 3) & OF_NO_FILE)
			break;
		file = file_of(task, argument_of(regs, abi, 4));
		if (file)
			keep_use(slot, (__u64)file, RECORDER_FILE_MAPPED);
		break;
	case RECORDER_EVIDENCE_ADDRESS:
		keep_address(slot, argument_of(regs, abi, 0), argument_of(regs, abi, first->path) & mask,
			     argument_of(regs, abi, first->path + 1), first->uses);
		break;
	case RECORDER_EVIDENCE_MESSAGES:
		keep_messages(slot, argument_of(regs, abi, 0), argument_of(regs, abi, 1) & mask, call->count && ret >= 0 ? ret : 1, abi);
		break;
	case RECORDER_EVIDENCE_SOCKETCALL:
		keep_socketcall(slot, argument_of(regs, abi, 0), argument_of(regs, abi, 1) & mask, ret);
		break;
	case RECORDER_EVIDENCE_IDS:
		keep_ids(slot);
		break;
	case RECORDER_EVIDENCE_PATHS:
		for (__u32 i = 0; i < 2; i++) {
			const volatile struct recorder_evidence_path *path = &call->paths[i];
			__u64 base = 0;

			if (i >= call->count)
				break;
			if (path->directory != RECORDER_WORKING_DIRECTORY) {
				__s32 descriptor = argument_of(regs, abi, path->directory);

				if (descriptor >= 0)
					base = (__u64)file_of(task, descriptor);
				if (base)
					base += bpf_core_field_offset(struct file, f_path);
			}
			keep_user_name(slot, argument_of(regs, abi, path->path) & mask, RECORDER_NAME_BYTES, base, path->uses);
		}
		break;
	}
	return 0;
}

// To be asked for each call of a followed task that ends: costs some loads where it leaves no evidence.
static __always_inline void note_evidence(struct task_struct *task, struct pt_regs *regs, long ret)
{
#if defined(__TARGET_ARCH_x86)
	long id = (int)regs->orig_ax;
#else
	long id = regs->syscallno;
#endif
	__u32 abi = current_abi(task, id);
	__u32 nr = number_of(abi, id);

	if (nr >= RECORDER_PLANE_SIZE)
		return;
	__u32 place = evidence_call_of[(nr + (abi == RECORDER_ABI_COMPAT ? RECORDER_PLANE_SIZE : 0)) & (RECORDER_COUNTERS - 1)];

	if (place)
		keep_evidence_of(place, abi, ret);
}

// An entry of the auxiliary vector of `task`, the current one; 0 when it is not there.
static __always_inline __u64 auxiliary_value(struct task_struct *task, __u64 wanted)
{
	unsigned long *vector = task->mm->saved_auxv;

	for (__u32 i = 0; i < AUXV_PAIRS; i++) {
		__u64 pair[2] = {};

		bpf_probe_read_kernel(pair, sizeof(pair), vector + 2 * i);
		if (pair[0] == wanted)
			return pair[1];
		if (pair[0] == AUXV_END)
			break;
	}
	return 0;
}

static long take_file(struct task_struct *task, struct vm_area_struct *area, void *context)
{
	*(__u64 *)context = (__u64)BPF_CORE_READ(area, vm_file);
	return 0;
}

// The current task has just executed the file whose name is in scratch, and is `length` bytes with its end.
__noinline int keep_execution(long length)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 number = slot_of(task, -1);

	if (!is_kept(number))
		return 0;
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct recorder_slot *slot = bpf_map_lookup_elem(&slots, &number);

	keep_ids(number);
	keep_use(number, (__u64)file, RECORDER_FILE_EXECUTED);
	keep_name(number, length, 0, RECORDER_FILE_EXECUTED);
	if (slot) {
		__u32 mode = BPF_CORE_READ(file, f_inode, i_mode);
		__u32 privileges = 0;

		if (mode & SET_USER_BIT)
			privileges |= RECORDER_SET_USER;
		if (mode & SET_GROUP_BIT && mode & GROUP_MAY_EXECUTE)
			privileges |= RECORDER_SET_GROUP;
		if (auxiliary_value(task, AUXV_SECURE))
			privileges |= RECORDER_GAINED;
		if (privileges)
			__sync_fetch_and_or(&slot->privileges, privileges);
	}
	// What loads the program's libraries was mapped by the kernel.
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_find_vma)) {
		__u64 base = auxiliary_value(task, AUXV_BASE);
		__u64 loader = 0;

		if (base)
			bpf_find_vma(task, base, take_file, &loader, 0);
		if (loader)
			keep_use(number, loader, RECORDER_FILE_MAPPED);
	}
	return 0;
}

// The same; `filename` is a text of the kernel's.
static __always_inline void note_execution(const char *filename)
{
	struct evidence_scratch *scratch = scratch_for_evidence();

	if (!scratch)
		return;
	__builtin_memset(scratch->name.name, 0, RECORDER_NAME_BYTES);
	keep_execution(bpf_probe_read_kernel_str(scratch->name.name, RECORDER_NAME_BYTES, filename));
}

// What the controller `id` keeps for the cgroup of `task`.
static __always_inline void *controller_of(struct task_struct *task, __u32 id)
{
	void *set = BPF_CORE_READ(task, cgroups);
	void *state = 0;

	bpf_probe_read_kernel(&state, sizeof(state), set + bpf_core_field_offset(struct css_set, subsys) + 8 * id);
	return state;
}

// `task` is the last of its process. Its cgroup can be gone before user space looks at it.
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

// `task` has just made another one.
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
