// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// What the kernel asked about capabilities, and what it was answered.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/calls.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/slots.bpf.h"

static __always_inline int count_capability(const struct cred *cred, struct user_namespace *target, int capability, int ret)
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
	// Read before `cred` is compared with it: a compiler that knows they are equal would read through the one that came as a number.
	struct user_namespace *own_user_ns = *(struct user_namespace *volatile *)&own->user_ns;

	if (cred != own || own != task->real_cred || target != own_user_ns)
		key.flags = RECORDER_CAPABILITY_FOREIGN;
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
	return 0;
}
