// SPDX-License-Identifier: Apache-2.0
// The open file behind a descriptor of another task.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace syscarve {

struct OpenFile {
  bool open = false;  // False: the descriptor is not open, and the other fields are unused.
  mode_t mode = 0;
  unsigned major = 0;  // Of a device file.
  unsigned minor = 0;
  std::optional<unsigned> family;  // Of a socket.
  std::string anonymous;           // The kernel's name for an anonymous file, "[eventpoll]"; "" for any other.
  // The type of the file system of a file or folder; "" if it is in none that the task could mount.
  std::string file_system;
};

// The present state of `descriptor` of `task`; nullopt if it is unknown: no such task, no permission to read it
// (PTRACE_MODE_READ_FSCREDS, and for a socket's family PTRACE_MODE_ATTACH_REALCREDS; ptrace(2)), or /proc is another
// pid namespace's. Another thread may close the descriptor meanwhile.
std::optional<OpenFile> ReadOpenFile(pid_t task, unsigned descriptor);

// The type of the file system that is mount `id` in a text like /proc/PID/mountinfo, without the subtype of FUSE file
// systems; "" if absent.
std::string FileSystemOfMount(std::string_view mounts, uint64_t id);

}  // namespace syscarve
