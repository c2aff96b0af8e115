// SPDX-License-Identifier: Apache-2.0
// Reads and writes whole files in a way suitable for a privileged process: bounded reads, atomic writes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// Reads all of `path`, or of standard input if `path` is "-". kInvalidArgument if it has more than `limit` bytes: no
// valid input is that large, and a hostile one must not exhaust memory.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit);

// Writes `content` to `path` so that a reader sees either the old file or the new one, never a part: writes a new file
// with an unguessable name in the same folder, flushes it, and renames it over the old one. A symlink as the final
// component is replaced, not followed. On any error the temporary file is removed and the old file is unchanged. "-" is
// standard output, and an existing path that is no regular file (a pipe, a device) is written in place, since nothing
// can be renamed over it. /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N, in this spelling, are the open
// descriptor itself. `mode` is the new file's permission bits before the umask.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode = 0644);

// OK if WriteFileAtomically(path, …) can be expected to succeed now: the folder exists and a file can be created in it
// (creates one and removes it). Called before long work, so that a recording is not lost to a misspelt folder.
absl::Status CheckWritable(const std::string& path);

// Whether `path` is a folder, or a link to one; also false if that is unknown.
bool IsFolder(const std::string& path);

// Writes all of `content` to `fd`, continuing after short writes and EINTR. `what` is its name in errors.
absl::Status WriteAll(int fd, std::string_view content, std::string_view what);

}  // namespace syscarve
