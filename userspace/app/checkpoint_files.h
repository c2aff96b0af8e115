// SPDX-License-Identifier: Apache-2.0
// Checkpoints: while a recording is made, copies of it as far as it has come, in case its recorder is killed. Each is a
// recording marked as incomplete, "OUTPUT.partial" beside its output, replaced atomically and removed at the end.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/base/sudo_caller.h"
#include "userspace/model/recording.h"

namespace syscarve {

// For recordings. Not readable by others, because a recording reveals much about a host.
inline constexpr unsigned kRecordingMode = 0640;

// An unused path beside `output`, or in the runtime folder if `output` is not the path of a regular file.
std::string CheckpointPath(const std::string& output);

class CheckpointFiles {
 public:
  // `notes` (not owned) receives the warning of Write.
  CheckpointFiles(std::optional<UserIds> owner, Notes& notes) : owner_(owner), notes_(notes) {}
  CheckpointFiles(const CheckpointFiles&) = delete;
  CheckpointFiles& operator=(const CheckpointFiles&) = delete;

  // CheckpointPath(output), computed once per output.
  std::string PathFor(const std::string& output);
  // Writes `recording` to `path`. Of all failures only the first is warned of; each call tries anew.
  void Write(const std::string& path, const Recording& recording);
  // Removes the files that are not in `paths`, whose recordings have been renamed.
  void KeepOnly(const std::vector<std::string>& paths);
  // For the end, when all recordings are written.
  void Remove() { KeepOnly({}); }
  // The checkpoints that exist now.
  std::vector<std::string> Paths() const;

 private:
  std::optional<UserIds> owner_;
  Notes& notes_;
  std::map<std::string, std::string> marks_;  // By path: its entry in the runtime folder, read by `doctor`, or "".
  std::map<std::string, std::string> paths_;  // By output.
  bool warned_ = false;
};

}  // namespace syscarve
