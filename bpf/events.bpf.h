// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Events in the ring: first sightings, and every call if requested.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bpf/maps.bpf.h"

static __always_inline void submit_call(__u32 type, __u32 slot, __u32 abi, __u32 nr, __u64 *lost)
{
	struct recorder_event_call *call = bpf_ringbuf_reserve(&events, sizeof(*call), 0);

	if (!call) {
		__sync_fetch_and_add(lost, 1);
		return;
	}
	call->header.type = type;
	call->header.count = 1;
	call->header.time_ns = bpf_ktime_get_ns();
	call->slot = slot;
	call->abi = abi;
	call->nr = nr;
	call->pid = bpf_get_current_pid_tgid() >> 32;
	bpf_ringbuf_submit(call, 0);
}

// A counter of this CPU was zero: submits a sighting if it is the first on any CPU.
static __noinline int first_on_this_cpu(__u32 slot, __u32 counter)
{
	struct recorder_slot *described = bpf_map_lookup_elem(&slots, &slot);
	__u64 bit = 1ull << (counter & 63);

	if (!described)
		return 0;
	if (__sync_fetch_and_or(&described->seen[(counter >> 6) & (RECORDER_COUNTERS / 64 - 1)], bit) & bit)
		return 0;
	submit_call(RECORDER_EVENT_SIGHTING, slot, counter >= RECORDER_PLANE_SIZE, counter & (RECORDER_PLANE_SIZE - 1),
		  &losses.event_ring_full);
	return 0;
}

// Adds one for a call that has no counter of its own.
static __noinline int count_other(__u32 slot, __u32 abi, __u32 nr)
{
	// -1 is a call that a tracer or a filter has cancelled; other negative numbers are no calls either.
	if ((__s32)nr < 0)
		return 0;
	struct recorder_call_key key = {.slot = slot, .abi = abi, .nr = nr};
	__u64 *count = bpf_map_lookup_elem(&sparse_calls, &key);

	if (!count) {
		__u64 zero = 0;

		if (bpf_map_update_elem(&sparse_calls, &key, &zero, BPF_NOEXIST) == 0)
			submit_call(RECORDER_EVENT_SIGHTING, slot, abi, nr, &losses.event_ring_full);
		count = bpf_map_lookup_elem(&sparse_calls, &key);
		if (!count) {
			__sync_fetch_and_add(&losses.sparse_calls_full, 1);
			return 0;
		}
	}
	__sync_fetch_and_add(count, 1);
	if (every_call)
		submit_call(RECORDER_EVENT_CALL, slot, abi, nr, &losses.stream_ring_full);
	return 0;
}

static __always_inline void flush_batch(struct recorder_event_batch *batch)
{
	__u64 flags = bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) >= wakeup_bytes ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;

	batch->header.type = RECORDER_EVENT_BATCH;
	if (bpf_ringbuf_output(&events, batch, sizeof(*batch), flags))
		__sync_fetch_and_add(&losses.stream_ring_full, batch->header.count);
	batch->header.count = 0;
}

// Adds a call to this CPU's batch. Only on_sys_enter gets here, and the kernel runs a tracing program at most once at a
// time per CPU, so nothing else uses the batch meanwhile.
static __always_inline void stream_call(__u32 slot, __u32 counter)
{
	__u32 zero = 0;
	struct recorder_stream *stream = bpf_map_lookup_elem(&streams, &zero);
	__u64 tick = bpf_jiffies64();

	if (!stream)
		return;
	struct recorder_event_batch *batch = &stream->batch;
	__u32 count = batch->header.count;

	// The clock is read once per tick and CPU: a timeline needs no more, and reading it costs as much as all the
	// rest.
	if (tick != stream->tick) {
		stream->tick = tick;
		stream->now = bpf_ktime_get_ns();
		if (count && (stream->now - batch->header.time_ns) >> (64 - RECORDER_BATCH_TIME_SHIFT)) {
			flush_batch(batch);
			count = 0;
		}
	}
	if (count == 0)
		batch->header.time_ns = stream->now;
	batch->calls[count & (RECORDER_BATCH_CALLS - 1)] =
		(stream->now - batch->header.time_ns) << RECORDER_BATCH_TIME_SHIFT |
		(__u64)slot << RECORDER_BATCH_SLOT_SHIFT | counter;
	batch->header.count = count + 1;
	if (count + 1 >= RECORDER_BATCH_CALLS)
		flush_batch(batch);
}
