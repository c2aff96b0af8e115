// SPDX-License-Identifier: Apache-2.0
// The kernel functions that serve system calls.
#pragma once

#include <cstdint>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// The addresses of all of them, each once: of native, 32-bit and x32 calls, and of the function for numbers without a
// call. By their names in /proc/kallsyms, which the kernel's SYSCALL_DEFINE macros create
// (arch/x86/include/asm/syscall_wrapper.h). kPermissionDenied if addresses are hidden, kNotFound if there are no such
// names, kUnimplemented if not all calls reach a function of their own.
absl::StatusOr<std::vector<uint64_t>> SyscallHandlers();

}  // namespace syscarve
