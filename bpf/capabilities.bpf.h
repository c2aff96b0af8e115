// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Capability checks of the kernel and their results.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/calls.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/results.bpf.h"
#include "bpf/slots.bpf.h"

// Writes the name of the function that `address` returns to: the byte before is in that function even if the call was
// its last instruction.
static __always_inline void name_function(__u64 address, char *name)
{
	static const char format[] = "%ps";
	__u64 arguments[] = {address - 1};

	bpf_snprintf(name, RECORDER_FUNCTION_BYTES, format, arguments, sizeof(arguments));
}

// The number of the place in the kernel where the check is made, identified by its call chain; 0: unknown. `context` is
// the program's. Names are resolved once per place.
static __always_inline __u32 site_of(void *context)
{
	__u32 first = 0;
	struct site_scratch *scratch = bpf_map_lookup_elem(&site_scratch, &first);

	if (!scratch)
		return 0;
	__builtin_memset(&scratch->key, 0, sizeof(scratch->key));
	if (bpf_get_stack(context, &scratch->key, sizeof(scratch->key), 0) <= 0)
		return 0;
	struct recorder_site *known = bpf_map_lookup_elem(&capability_sites, &scratch->key);

	if (known)
		return known->number;
	// Once the table is full, it stays full; without this test each check would use up a number.
	if (next_site >= RECORDER_MAX_SITES)
		return 0;
	__builtin_memset(&scratch->site, 0, sizeof(scratch->site));
	for (int i = 0; i < RECORDER_SITE_FRAMES; ++i) {
		__u64 address = scratch->key.addresses[i];

		if (!address)
			break;
		name_function(address, scratch->site.functions[i]);
		scratch->site.frames = i + 1;
	}
	scratch->site.number = __sync_fetch_and_add(&next_site, 1);
	bpf_map_update_elem(&capability_sites, &scratch->key, &scratch->site, BPF_NOEXIST);
	// Another CPU may have inserted the place first.
	known = bpf_map_lookup_elem(&capability_sites, &scratch->key);
	return known ? known->number : 0;
}

// Argument `index` of the call that `task`, the current one, is in, as the kernel uses it.
static __always_inline __u64 call_argument(struct task_struct *task, __u32 abi, __u32 index)
{
	__u64 value = argument_of((struct pt_regs *)bpf_task_pt_regs(task), abi, index);

	return abi == RECORDER_ABI_COMPAT ? (__u32)value : value;
}

// Whether `id` in a namespace is the kernel's id `kernel_id`. Only for maps with a single range: others are stored
// sorted, and no match counts as a change.
static __always_inline bool is_same_id(struct uid_gid_map *map, __u32 id, __u32 kernel_id)
{
	return map->nr_extents == 1 && map->extent[0].lower_first + (id - map->extent[0].first) == kernel_id;
}

// Whether each of the first three arguments is -1 or one of these ids of the kernel.
static __always_inline bool keeps_own_ids(struct task_struct *task, __u32 abi, struct uid_gid_map *map, __u32 real, __u32 effective,
					  __u32 saved)
{
	for (int i = 0; i < 3; ++i) {
		__u32 id = call_argument(task, abi, i);

		if (id != (__u32)-1 && !is_same_id(map, id, real) && !is_same_id(map, id, effective) && !is_same_id(map, id, saved))
			return false;
	}
	return true;
}

// Whether capset(2) gains nothing by the capability with credentials `own`: all that becomes inheritable is inheritable
// or permitted already (cap_capset, security/commoncap.c).
static __always_inline bool inherits_own(struct task_struct *task, const struct cred *own, __u32 abi)
{
	struct {
		__u32 effective, permitted, inheritable;
	} sets[2] = {};
	__u64 inheritable, permitted;
	__u32 version;

	// The kernel has just read the same memory.
	if (bpf_probe_read_user(&version, sizeof(version), (void *)call_argument(task, abi, 0)) ||
	    bpf_probe_read_user(sets, version == 0x19980330 ? sizeof(sets[0]) : sizeof(sets), (void *)call_argument(task, abi, 1)))
		return false;
	if (bpf_probe_read_kernel(&inheritable, sizeof(inheritable), &own->cap_inheritable) ||
	    bpf_probe_read_kernel(&permitted, sizeof(permitted), &own->cap_permitted))
		return false;
	__u64 wanted = sets[0].inheritable | (__u64)sets[1].inheritable << 32;

	return !(wanted & ~(inheritable | permitted) & ((1ull << 41) - 1));
}

// Whether to look up the place of the check. It takes microseconds, too much for calls that grow memory.
static __always_inline bool is_looked_at(struct recorder_condition *condition)
{
	return !condition || condition->kind != RECORDER_CONDITION_ONE_PLACE ||
	       (condition->looks < RECORDER_LOOKS && __sync_fetch_and_add(&condition->looks, 1) < RECORDER_LOOKS);
}

// Whether the result of the call that `task`, the current one, is in does not depend on the capability, by the
// condition of that call.
static __always_inline bool is_in_vain(struct task_struct *task, const struct cred *own, __u32 abi, struct recorder_condition *condition)
{
	if (!condition)
		return false;
	__u64 first = call_argument(task, abi, 0);
	struct uid_gid_map *users = &own->user_ns->uid_map;
	struct uid_gid_map *groups = &own->user_ns->gid_map;

	switch (condition->kind) {
	case RECORDER_CONDITION_ARGUMENT: {
		__u64 value = call_argument(task, abi, condition->argument);

		return !(value & condition->none) && (!condition->some || value & condition->some);
	}
	case RECORDER_CONDITION_SAME_USER:
		return own->uid.val == own->suid.val && is_same_id(users, first, own->uid.val);
	case RECORDER_CONDITION_SAME_GROUP:
		return own->gid.val == own->sgid.val && is_same_id(groups, first, own->gid.val);
	case RECORDER_CONDITION_OWN_USERS:
		return keeps_own_ids(task, abi, users, own->uid.val, own->euid.val, own->suid.val);
	case RECORDER_CONDITION_OWN_GROUPS:
		return keeps_own_ids(task, abi, groups, own->gid.val, own->egid.val, own->sgid.val);
	case RECORDER_CONDITION_INHERITS_OWN:
		return inherits_own(task, own, abi);
	}
	return false;
}

// `context` is the program's.
static __always_inline int count_capability(void *context, const struct cred *cred, struct user_namespace *target, int capability, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	long id = call_in_progress(task);
	__u32 abi = current_abi(task, id);
	__u32 slot = slot_of(task, -1);

	if (!slot)
		return 0;
	struct recorder_capability_key key = {
		.slot = slot,
		.capability = capability,
		.abi = id < 0 ? 0 : abi,
		.nr = id < 0 ? -1 : (__s32)number_of(abi, id),
	};
	const struct cred *own = task->cred;
	// Read before `cred` is compared with it: a compiler that can derive their equality would read through the one
	// that is passed as a number.
	struct user_namespace *own_user_ns = *(struct user_namespace *volatile *)&own->user_ns;
	const struct cred *known = own;
	bool wants_result = false;

	barrier_var(known);

	if (cred != own || own != task->real_cred || target != own_user_ns) {
		key.flags = RECORDER_CAPABILITY_FOREIGN;
	} else {
		struct recorder_condition_key of_call = {.capability = capability, .abi = key.abi, .nr = key.nr};
		struct recorder_condition *condition = bpf_map_lookup_elem(&capability_conditions, &of_call);

		if (is_looked_at(condition))
			key.site = site_of(context);
		if (id >= 0 && is_in_vain(task, known, abi, condition))
			key.flags = RECORDER_CAPABILITY_IN_VAIN;
		// Not for calls that grow memory: their result is not used.
		wants_result = id >= 0 && !(condition && condition->kind == RECORDER_CONDITION_ONE_PLACE);
	}
	struct recorder_capability_count *count = bpf_map_lookup_elem(&capability_checks, &key);

	if (!count) {
		struct recorder_capability_count zero = {};

		bpf_map_update_elem(&capability_checks, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&capability_checks, &key);
		if (!count) {
			__sync_fetch_and_add(&losses.capabilities_full, 1);
			return 0;
		}
	}
	__sync_fetch_and_add(ret == 0 ? &count->granted : &count->denied, 1);
	if (track_denials && wants_result)
		note_check(task, &key, ret != 0);
	return 0;
}
