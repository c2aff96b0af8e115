// SPDX-License-Identifier: Apache-2.0
// What a descriptor of another task stands for.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace syscarve {

struct OpenFile {
  bool open = false;  // Otherwise the descriptor is none, and the rest means nothing.
  mode_t mode = 0;
  unsigned major = 0;  // Of a device file.
  unsigned minor = 0;
  std::optional<unsigned> family;  // Of a socket.
  std::string anonymous;           // The kernel's name for an anonymous file, "[eventpoll]"; "" for any other.
  // The type of the file system that a file or a folder is in; "" where it is in none that the task could mount.
  std::string file_system;
};

// What `descriptor` of `task` is at this moment; nullopt where that cannot be told: no such task, none that we may look
// at (PTRACE_MODE_READ_FSCREDS, and for a socket's family PTRACE_MODE_ATTACH_REALCREDS; ptrace(2)), or another pid
// namespace's /proc. Another thread may close it meanwhile.
std::optional<OpenFile> ReadOpenFile(pid_t task, unsigned descriptor);

// The type of the file system that is mount `id` in a text like /proc/PID/mountinfo, without what FUSE's servers add to
// it; "" if it is not there.
std::string FileSystemOfMount(std::string_view mounts, uint64_t id);

}  // namespace syscarve
