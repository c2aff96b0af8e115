// SPDX-License-Identifier: Apache-2.0
// Files whose names are chosen by a less privileged user, below a directory chosen by a trusted one. Links below that
// directory are not followed, and no part of the name can lead out of it (openat2(2), Linux 5.6): a user who may write
// there, or may name a file, cannot make this process read or replace any other file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// Reads the regular file `below` below `directory`, at most `limit` bytes.
absl::StatusOr<std::string> ReadConfinedFile(const std::string& directory, const std::string& below, size_t limit);

// Opens the same file for reading.
absl::StatusOr<UniqueFd> OpenConfinedFile(const std::string& directory, const std::string& below);

// The destination of a file, held open: later changes of the path's folders do not affect it.
class ConfinedOutput {
 public:
  // The folder of `below` must exist. Under that name there must be nothing, or a regular file of the calling user:
  // otherwise kPermissionDenied. Checks that a file can be created in the folder (creates one and removes it).
  static absl::StatusOr<ConfinedOutput> Open(const std::string& directory, const std::string& below);

  // Replaces the file by `content` atomically, with these permission bits regardless of the umask. Repeats the checks
  // of Open.
  absl::Status Write(std::string_view content, unsigned mode) const;

 private:
  ConfinedOutput(UniqueFd folder, std::string name, std::string shown)
      : folder_(std::move(folder)), name_(std::move(name)), shown_(std::move(shown)) {}

  UniqueFd folder_;
  std::string name_;
  std::string shown_;
};

// Reads the regular file `path`, at most `limit` bytes, if only `owner` and root can have written it: it belongs to
// root or `owner`, and neither its group nor others may write to it. kPermissionDenied if it must not be trusted,
// kNotFound if there is none.
absl::StatusOr<std::string> ReadTrustedFile(const std::string& path, unsigned owner, size_t limit);

}  // namespace syscarve
