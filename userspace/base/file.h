// SPDX-License-Identifier: Apache-2.0
// Reading and writing whole files as a privileged process should: bounded reads, atomic writes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// The whole of `path`, or of standard input when `path` is "-". More than `limit` bytes is kInvalidArgument: no input
// of ours is that large, and a hostile one must not fill memory.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit);

// Puts `content` in `path` so that a reader sees the old file or the new one, never a part: written to a new file with
// an unguessable name in the same folder, flushed, then renamed over. The final component is replaced, not followed,
// when it is a symlink. On any error the temporary file is removed and the old file is as it was. "-" is standard
// output, and an existing path that is no regular file (a pipe, a device) is written in place, since nothing can be
// renamed over it. /dev/stdout, /dev/stderr, /dev/fd/N and /proc/self/fd/N, spelt so, are the open descriptor itself.
// `mode` is the new file's permission bits before the umask.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode = 0644);

// OK when WriteFileAtomically(path, …) can be expected to succeed now: the folder exists and a file could be created in
// it (one is, and removed again). Called before long work, so that a recording is not lost to a misspelt folder.
absl::Status CheckWritable(const std::string& path);

// Whether `path` is a folder, or a link to one; false also where that cannot be told.
bool IsFolder(const std::string& path);

// Writes all of `content` to `fd`, going on after short writes and EINTR.
absl::Status WriteAll(int fd, std::string_view content, std::string_view what);

}  // namespace syscarve
