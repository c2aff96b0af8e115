// SPDX-License-Identifier: Apache-2.0
// Files whose names somebody less privileged chose, below a directory that somebody trusted chose. No link is followed
// below that directory and none of its parts can lead out of it (openat2(2), Linux 5.6), so that whoever may write
// there, or may name a file, cannot make us read or replace anything else.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// The whole of the regular file `below` below `directory`, at most `limit` bytes.
absl::StatusOr<std::string> ReadConfinedFile(const std::string& directory, const std::string& below, size_t limit);

// The same file, opened for reading.
absl::StatusOr<UniqueFd> OpenConfinedFile(const std::string& directory, const std::string& below);

// A place for a file, held open: what happens to the path's folders afterwards does not change where it is.
class ConfinedOutput {
 public:
  // The folder of `below` must exist. What is there under that name must be nothing, or a regular file of the calling
  // user: kPermissionDenied otherwise. A file could be created in the folder (one is, and removed again).
  static absl::StatusOr<ConfinedOutput> Open(const std::string& directory, const std::string& below);

  // Puts `content` there in one step, with these permission bits whatever the umask. The target is looked at again.
  absl::Status Write(std::string_view content, unsigned mode) const;

 private:
  ConfinedOutput(UniqueFd folder, std::string name, std::string shown)
      : folder_(std::move(folder)), name_(std::move(name)), shown_(std::move(shown)) {}

  UniqueFd folder_;
  std::string name_;
  std::string shown_;
};

// Whether only `owner` and root can have put what is in the regular file `path`: it belongs to root or `owner`, and
// neither its group nor others may write to it. Returns its content, at most `limit` bytes; kPermissionDenied when it
// may not be trusted, kNotFound when there is none.
absl::StatusOr<std::string> ReadTrustedFile(const std::string& path, unsigned owner, size_t limit);

}  // namespace syscarve
