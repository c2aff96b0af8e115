// SPDX-License-Identifier: Apache-2.0
// The memory of another task.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace syscarve {

// The bytes at an address, up to a NUL or to the end of what could be read.
struct TaskString {
  std::string bytes;   // Untrusted, without the NUL.
  bool whole = false;  // The NUL was found.
};

// At most `most` bytes from `address` on in the memory of `task`; nullopt if not even one can be read: no such address
// or task, or no permission (PTRACE_MODE_ATTACH_REALCREDS, ptrace(2)). Nothing is stopped: other threads, and processes
// that share the memory, may change it meanwhile. The result may be shown, but no decision may be based on it.
std::optional<TaskString> ReadTaskString(pid_t task, uint64_t address, size_t most);

// The 64-bit word at `address`, likewise; nullopt if it cannot be read completely.
std::optional<uint64_t> ReadTaskWord(pid_t task, uint64_t address);

// `size` bytes from `address` on, likewise.
std::optional<std::string> ReadTaskBytes(pid_t task, uint64_t address, size_t size);

}  // namespace syscarve
