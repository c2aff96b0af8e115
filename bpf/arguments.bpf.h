// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Arguments of calls for which a profile could have conditions: combinations of values, in each slot. For a call with
// too many distinct ones, only the fact that there were more is kept.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/calls.bpf.h"
#include "bpf/files.bpf.h"
#include "bpf/maps.bpf.h"

static __always_inline struct recorder_argument_set *argument_set_of(const struct recorder_argument_key *key)
{
	struct recorder_argument_set_key set_key = {.slot = key->slot, .nr = key->nr, .abi = key->abi};
	struct recorder_argument_set *set = bpf_map_lookup_elem(&argument_sets, &set_key);
	struct recorder_argument_set zero = {};

	if (set)
		return set;
	bpf_map_update_elem(&argument_sets, &set_key, &zero, BPF_NOEXIST);
	set = bpf_map_lookup_elem(&argument_sets, &set_key);
	if (!set)
		__sync_fetch_and_add(&losses.arguments_full, 1);
	return set;
}

// Adds a combination of values that is not kept yet.
static __noinline int keep_new_arguments(const struct recorder_argument_key *key)
{
	struct recorder_argument_set *set = argument_set_of(key);
	__u64 one = 1;

	if (!set || set->open)
		return 0;
	if (__sync_fetch_and_add(&set->used, 1) >= RECORDER_ARGUMENT_VALUES) {
		set->open = 1;
		return 0;
	}
	if (bpf_map_update_elem(&argument_values, key, &one, BPF_NOEXIST) == 0)
		return 0;
	// Another CPU was quicker, or there is no room.
	__u64 *count = bpf_map_lookup_elem(&argument_values, key);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		set->open = 1;
	return 0;
}

// Adds a kind of file that is not kept yet for the value.
static __noinline int keep_new_file(const struct recorder_argument_file_key *key, struct file *file)
{
	struct recorder_argument_key call = {.slot = key->call.slot, .nr = key->call.nr, .abi = key->call.abi};
	struct recorder_argument_set *set = argument_set_of(&call);
	struct recorder_argument_file seen = {.count = 1};

	if (!set || set->files_open)
		return 0;
	if (__sync_fetch_and_add(&set->files, 1) >= RECORDER_ARGUMENT_FILES) {
		set->files_open = 1;
		return 0;
	}
	if (key->file.operations)
		name_file(file, &seen);
	if (bpf_map_update_elem(&argument_files, key, &seen, BPF_NOEXIST) == 0)
		return 0;
	// As in keep_new_arguments.
	struct recorder_argument_file *known = bpf_map_lookup_elem(&argument_files, key);

	if (known)
		__sync_fetch_and_add(&known->count, 1);
	else
		set->files_open = 1;
	return 0;
}

// Keeps the kind of file of the current task's `descriptor` for the value.
static __noinline int keep_file_of(const struct recorder_argument_key *call, __u32 descriptor)
{
	struct recorder_argument_file_key key = {
		.call = {.slot = call->slot, .nr = call->nr, .abi = call->abi},
		.value = call->values[0],
	};

	struct file *file = file_of(bpf_get_current_task_btf(), descriptor);

	describe_file(file, &key.file);
	struct recorder_argument_file *seen = bpf_map_lookup_elem(&argument_files, &key);

	if (seen)
		__sync_fetch_and_add(&seen->count, 1);
	else
		keep_new_file(&key, file);
	return 0;
}

// Whether a filter that compares the whole register could distinguish it from one with the same masked value.
static __always_inline bool is_dirty(__u64 value, __u64 mask)
{
	if (mask != 0xffffffff || value <= mask)
		return false;
	return value >> 31 != 0x1ffffffffull;
}

// Keeps the arguments of the current task's call `nr`, which has index `place` in argument_calls.
static __noinline int keep_arguments_of(__u32 slot, __u32 abi, __u32 nr, __u32 place)
{
	const volatile struct recorder_argument_call *call = &argument_calls[place & (RECORDER_ARGUMENT_CALLS - 1)];
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	struct recorder_argument_key key = {.slot = slot, .nr = nr, .abi = abi};

	// No profile is made for a runtime at work.
	if (slot & RECORDER_SPARSE && (slot & 3) == RECORDER_PHASE_RUNTIME)
		return 0;
	if (call->pointed_to) {
		// The memory is not present at this moment, or it is no address at all.
		if (bpf_probe_read_user(&key.values[0], sizeof(key.values[0]), (void *)argument_of(regs, abi, call->index[0]))) {
			struct recorder_argument_set *set = argument_set_of(&key);

			if (set)
				set->open = 1;
			return 0;
		}
		key.values[0] &= call->mask[0];
	} else {
		__u64 first = argument_of(regs, abi, call->index[0]), second = 0, third = 0;
		__u32 count = call->count;

		key.values[0] = first & call->mask[0];
		if (call->conditional &&
		    (key.values[0] >= 128 || !(call->options[key.values[0] >> 6 & 1] >> (key.values[0] & 63) & 1)))
			count--;
		if (count > 1)
			second = argument_of(regs, abi, call->index[1]);
		if (count > 2)
			third = argument_of(regs, abi, call->index[2]);
		key.values[1] = second & call->mask[1];
		key.values[2] = third & call->mask[2];
		if (is_dirty(first, call->mask[0]) || is_dirty(second, call->mask[1]) || is_dirty(third, call->mask[2])) {
			struct recorder_argument_set *set = argument_set_of(&key);

			if (set)
				set->dirty = 1;
		}
	}
	__u64 *seen = bpf_map_lookup_elem(&argument_values, &key);

	if (seen)
		__sync_fetch_and_add(seen, 1);
	else
		keep_new_arguments(&key);
	if (call->descriptor)
		keep_file_of(&key, argument_of(regs, abi, call->descriptor - 1));
	return 0;
}

// Runs for each call; costs one load if the call's arguments are not kept. `counter` is that of the call, or, for x32,
// of the native call of the same name.
static __always_inline void note_arguments(__u32 slot, __u32 abi, __u32 nr, __u32 counter)
{
	if (!keep_arguments)
		return;
	__u32 place = argument_call_of[counter & (RECORDER_COUNTERS - 1)];

	if (place)
		keep_arguments_of(slot, abi, nr, place);
}
