// SPDX-License-Identifier: Apache-2.0
// Where the result of long work goes: what is refused before, and what must not be lost, or waited for without end,
// after.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "userspace/base/status.h"
#include "userspace/base/sudo_caller.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// Tells a writer who waits for somebody slow that it is not to wait any longer.
struct StopSignal {
  int fd = -1;                  // Readable when `asked` is worth calling.
  std::function<bool()> asked;  // Whether to give up; takes what made `fd` readable.
};

struct WriteOptions {
  unsigned mode = 0644;            // A new file's permission bits before the umask.
  std::optional<UserIds> owner;    // Whom a new file is given to; where a file system knows no owners it stays ours.
  bool flush = true;               // false: the file outlives us, but maybe not a crash of the host.
  std::optional<StopSignal> stop;  // For what may wait for its reader: a pipe, a terminal.
};

// WriteFileAtomically (base/file.h) with options. A pipe that nobody comes to read within half a second is an error,
// never waited for; a socket or block device is refused.
absl::Status WriteOutput(const std::string& path, std::string_view content, const WriteOptions& options);

// Where the result of long work will go: CheckWritable and WriteOutput as one object. A named pipe is opened at
// the start and held, so that its reader is known to be there and waits for us.
class OutputFile {
 public:
  static absl::StatusOr<OutputFile> Open(std::string path);

  const std::string& path() const { return path_; }
  absl::Status Write(std::string_view content, const WriteOptions& options) const;

 private:
  OutputFile(std::string path, UniqueFd pipe) : path_(std::move(path)), pipe_(std::move(pipe)) {}

  std::string path_;
  UniqueFd pipe_;  // Invalid unless the path is a named pipe's.
};

// Makes the folder `path`, mode 0750 before the umask, for `owner`; one that is there already stays as it is.
absl::Status MakeOutputFolder(const std::string& path, const std::optional<UserIds>& owner);

// Lets this process write files as large as it may: raises RLIMIT_FSIZE, which is of no use to a recorder. Not before
// a child was forked that must keep the limit.
void LiftFileSizeLimit();

// WriteAll (base/file.h) that does not wait without end: when `stop` asks for it while nobody takes what is written,
// kCancelled.
absl::Status WriteAll(int fd, std::string_view content, std::string_view what, const std::optional<StopSignal>& stop);

}  // namespace syscarve
