// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Addresses that a slot has used: of bind and connect, and destinations of messages. Family, scope and port are kept;
// they are read from the program's memory, which may have changed since the kernel read it.
#pragma once

#include "vmlinux/kernel_types.h"

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#include "bpf/files.bpf.h"
#include "bpf/maps.bpf.h"
#include "bpf/recorder.h"
#include "bpf/used_files.bpf.h"

#define FAMILY_UNIX 1
#define FAMILY_INET 2
#define FAMILY_INET6 10
#define MESSAGE_BYTES 64 /* of a struct mmsghdr, which begins with its struct msghdr (include/linux/socket.h) */
#define NARROW_MESSAGE_BYTES 32 /* struct compat_mmsghdr (include/net/compat.h) */

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

// Keeps the address of `length` bytes at `address`, used with the socket `descriptor`.
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
	// The full size is read even for shorter addresses; if the rest is not readable, a shorter size is read.
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
			// The kernel terminates the path behind its length.
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

// Keeps the destination of the message whose struct msghdr is at `address`. Returns 1 if it cannot be read, else 0. A
// message without an address goes to the peer that the socket is connected to. Only 64-bit programs use the wide form.
// Not static: a loop around it costs the verifier little.
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

// As keep_message, for `count` messages: an array of struct mmsghdr or, if `count` is 1, possibly a struct msghdr.
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
