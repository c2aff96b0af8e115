// SPDX-License-Identifier: Apache-2.0
// The memory of another task.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace syscarve {

// The bytes at an address, up to a NUL or to where reading ended.
struct TaskString {
  std::string bytes;   // Untrusted, without the NUL.
  bool whole = false;  // The NUL was found.
};

// At most `most` bytes from `address` on in the memory of `task`; nullopt where not one can be read: no such address or
// task, or one that we may not read (PTRACE_MODE_ATTACH_REALCREDS, ptrace(2)). Nobody is stopped: other threads, and
// whoever shares the memory, may change it meanwhile. What is returned is good for showing and for no decision.
std::optional<TaskString> ReadTaskString(pid_t task, uint64_t address, size_t most);

// The 64-bit word at `address`, likewise; nullopt where not all of it can be read.
std::optional<uint64_t> ReadTaskWord(pid_t task, uint64_t address);

// `size` bytes from `address` on, likewise.
std::optional<std::string> ReadTaskBytes(pid_t task, uint64_t address, size_t size);

}  // namespace syscarve
