// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Evidence of what programs use besides calls: files (used_files.bpf.h), addresses (endpoints.bpf.h), user ids. It is
// read when a successful call ends, and when a program is executed.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/calls.bpf.h"
#include "bpf/endpoints.bpf.h"
#include "bpf/files.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/slots.bpf.h"
#include "bpf/used_files.bpf.h"

#define SET_USER_BIT 04000
#define SET_GROUP_BIT 02000
#define GROUP_MAY_EXECUTE 010
#define MAY_EXECUTE 4 /* PROT_EXEC */
#define OF_NO_FILE 0x20 /* MAP_ANONYMOUS */
#define NOT_YET_CONNECTED 115 /* EINPROGRESS */
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

// The id that the kernel's id `kernel_id` maps to in a user namespace; `kernel_id` itself if there is no mapping.
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

// The operation `which` of socketcall(2), with its arguments at `address`, has returned `ret`.
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
	// All six words, even where there are fewer arguments; if those are not readable, the three that every operation has.
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

// Whether a call of this kind that returned `ret` had an effect: a connection may still be in progress.
static __always_inline bool has_happened(__u8 kind, long ret)
{
	return ret >= 0 || (ret == -NOT_YET_CONNECTED && (kind == RECORDER_EVIDENCE_ADDRESS || kind == RECORDER_EVIDENCE_MESSAGES ||
							  kind == RECORDER_EVIDENCE_SOCKETCALL));
}

// The call of the current task with index `place` in evidence_calls has returned `ret`.
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

// Runs at the end of each call of a followed task; costs a few loads for calls without evidence.
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

// An entry of the auxiliary vector of `task`, the current one; 0 if absent.
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

// The current task has just executed the file whose name is in scratch; `length` is its size including NUL, or a
// negative error.
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
	// The program's loader was mapped by the kernel, without a call.
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

// As keep_execution; `filename` is a string in kernel memory.
static __always_inline void note_execution(const char *filename)
{
	struct evidence_scratch *scratch = scratch_for_evidence();

	if (!scratch)
		return;
	__builtin_memset(scratch->name.name, 0, RECORDER_NAME_BYTES);
	keep_execution(bpf_probe_read_kernel_str(scratch->name.name, RECORDER_NAME_BYTES, filename));
}
