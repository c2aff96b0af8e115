// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit) {
  const bool is_stdin = path == "-";
  const std::string shown = is_stdin ? "standard input" : EscapeForTerminal(path);
  UniqueFd opened;
  if (!is_stdin) {
    opened = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened.valid()) return PosixError(Concat("open ", shown), errno);
  }
  const int fd = is_stdin ? STDIN_FILENO : opened.get();

  constexpr size_t kChunk = size_t{64} << 10;
  std::string content;
  struct stat info;
  const absl::Status too_large =
      absl::InvalidArgumentError(Concat(shown, " is larger than ", limit, " bytes, the most that is read"));
  if (!is_stdin && fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    const auto told = static_cast<size_t>(info.st_size);
    if (told > limit) return too_large;
    // Enough for the whole file, so that a large one is never held twice while the memory grows.
    content.reserve(told + kChunk + 1);
  }
  size_t size = 0;
  while (size <= limit) {
    // One byte beyond the limit is requested, to distinguish "exactly the limit" from "too large".
    const size_t wanted = std::min(kChunk, limit - size + 1);
    content.resize(size + wanted);
    const ssize_t got = read(fd, content.data() + size, wanted);
    if (got < 0) {
      if (errno == EINTR) continue;
      return PosixError(Concat("read ", shown), errno);
    }
    size += static_cast<size_t>(got);
    if (got == 0) {
      content.resize(size);
      return content;
    }
  }
  return too_large;
}

bool IsFolder(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace syscarve
