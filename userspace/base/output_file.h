// SPDX-License-Identifier: Apache-2.0
// The destination of the result of long work: what is refused before the work, and how the result is neither lost nor
// waits for ever after it.
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

// Tells a writer that waits for a slow reader to give up.
struct StopSignal {
  int fd = -1;                  // Readable when `asked` has something to read.
  std::function<bool()> asked;  // Whether to give up; reads what made `fd` readable.
};

struct WriteOptions {
  unsigned mode = 0644;            // A new file's permission bits before the umask.
  std::optional<UserIds> owner;    // Of a new file; ignored on a file system without owners.
  bool flush = true;               // false: the file survives the process, but maybe not a crash of the host.
  std::optional<StopSignal> stop;  // For outputs with a reader: a pipe, a terminal.
};

// WriteFileAtomically (base/file.h) with options. Fails if no reader opens a pipe within half a second; refuses a
// socket or block device.
absl::Status WriteOutput(const std::string& path, std::string_view content, const WriteOptions& options);

// The destination of the result of long work: CheckWritable and WriteOutput as one object. A named pipe is opened at
// the start and held, so that its reader is known to exist and waits for the result.
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

// Creates the folder `path`, with mode 0750 (before the umask unless it has an owner), for `owner`. An existing one is
// left unchanged.
absl::Status MakeOutputFolder(const std::string& path, const std::optional<UserIds>& owner);

// Raises RLIMIT_FSIZE, which is of no use to a recorder, as far as allowed. Not before a child was forked that must
// keep the limit.
void LiftFileSizeLimit();

// WriteAll (base/file.h) that does not wait for ever: kCancelled if `stop` requests it while the output accepts no
// data.
absl::Status WriteAll(int fd, std::string_view content, std::string_view what, const std::optional<StopSignal>& stop);

}  // namespace syscarve
