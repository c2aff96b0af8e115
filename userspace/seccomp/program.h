// SPDX-License-Identifier: Apache-2.0
// Seccomp filters in the kernel's form: classic BPF over struct seccomp_data. Evaluate interprets any such program in
// user space, without loading it, so that its actual decisions can be checked call by call.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <span>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"

namespace syscarve {

// A program for seccomp(SECCOMP_SET_MODE_FILTER): at most BPF_MAXINSNS (4096) instructions.
using FilterProgram = std::vector<sock_filter>;

// Converts `program` between this machine's byte order and that of a machine of `abi`; its own inverse.
FilterProgram InBytesOf(Abi abi, FilterProgram program);

// Checks `program` as the kernel's seccomp_check_filter does (kernel/seccomp.c): known opcodes, aligned loads inside
// seccomp_data, jumps forward and inside, no division by a constant zero, no scratch word read before it is written,
// every path ends in a return.
absl::Status ValidateFilter(std::span<const sock_filter> program);

// The return value of `program` for `data`: a SECCOMP_RET_* value with its 16 data bits. `program` must have passed
// ValidateFilter. `data` is in this machine's byte order, whatever the byte order of its architecture.
uint32_t Evaluate(std::span<const sock_filter> program, const seccomp_data& data);

// A SECCOMP_RET_* value as an Action; unknown action bits are kKillProcess, as the kernel treats them.
Action ActionFromReturn(uint32_t seccomp_return);

// The inverse: SECCOMP_RET_* with its data.
uint32_t SeccompReturn(Action action);

}  // namespace syscarve
