// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
//
// Layouts shared by refusals.bpf.c and its reader.
#pragma once

#define REFUSALS_CGROUP_BYTES 96 /* "docker-", 64 hexadecimal digits, ".scope" */
#define REFUSALS_PROGRAM_BYTES 64
#define REFUSALS_MOST 8192

struct refusal_key {
	char cgroup[REFUSALS_CGROUP_BYTES]; /* last part of its path, or "" for a command; NUL-terminated */
	char program[REFUSALS_PROGRAM_BYTES]; /* last part of the executable's path, NUL-terminated */
	__u32 abi; /* RECORDER_ABI_* of recorder.h */
	__u32 nr;
	__u32 error;
};
