// SPDX-License-Identifier: Apache-2.0
// The kernel functions that serve system calls.
#pragma once

#include <cstdint>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// The addresses of all of them, each once: of the native calls, the 32-bit and the x32 ones, and the one that answers
// numbers without a call. By their names in /proc/kallsyms, which the kernel's SYSCALL_DEFINE macros make
// (arch/x86/include/asm/syscall_wrapper.h). kPermissionDenied when addresses are not shown, kNotFound when there are no
// such names, kUnimplemented where not all calls reach a function of their own.
absl::StatusOr<std::vector<uint64_t>> SyscallHandlers();

}  // namespace syscarve
