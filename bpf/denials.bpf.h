// SPDX-License-Identifier: GPL-2.0 OR Apache-2.0
//
// Calls that a filter refused. Seccomp runs before sys_enter: a call that a filter answers with an errno has an exit and no enter.
// So every call of a followed task leaves a mark at its enter, which its exit takes away.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/maps.bpf.h"

#define TASK_CALL_BITS 2
#define BETWEEN_CALLS 1
#define IN_CALL 2

static __always_inline volatile __u32 *call_entry(__u32 pid)
{
	return &task_calls[pid & (TASK_CACHE_SIZE - 1)];
}

static __always_inline void begin_call(__u32 pid)
{
	*call_entry(pid) = pid << TASK_CALL_BITS | IN_CALL;
}

// Whether the call that ends here never began, as far as can be told.
static __always_inline bool end_call(__u32 pid)
{
	volatile __u32 *entry = call_entry(pid);
	__u32 was = *entry;

	if (was >> TASK_CALL_BITS != pid)
		return false;
	*entry = pid << TASK_CALL_BITS | BETWEEN_CALLS;
	return was == (pid << TASK_CALL_BITS | BETWEEN_CALLS);
}

// The child of a followed task may be refused its very first call.
static __always_inline void inherit_call(__u32 parent, __u32 child)
{
	if (*call_entry(parent) >> TASK_CALL_BITS == parent)
		*call_entry(child) = child << TASK_CALL_BITS | BETWEEN_CALLS;
}

static __always_inline void forget_call(__u32 pid)
{
	*call_entry(pid) = 0;
}

static __always_inline void count_denial(__u32 slot, __u32 abi, __u32 nr, __u32 error)
{
	struct recorder_denial_key key = {.slot = slot, .abi = abi, .nr = nr, .error = error};
	__u64 *count = bpf_map_lookup_elem(&denials, &key);

	if (!count) {
		__u64 zero = 0;

		bpf_map_update_elem(&denials, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&denials, &key);
		if (!count) {
			__sync_fetch_and_add(&losses.denials_full, 1);
			return;
		}
	}
	__sync_fetch_and_add(count, 1);
}
