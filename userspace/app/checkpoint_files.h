// SPDX-License-Identifier: Apache-2.0
// What is kept of a recording while it goes on, in case its recorder is killed: a recording of its own beside each
// output, "OUTPUT.partial", replaced in one step each time and removed at the end. It says of itself that it is
// incomplete.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/app/notes.h"
#include "userspace/base/sudo_caller.h"
#include "userspace/model/recording.h"

namespace syscarve {

// Of recordings: they tell much about a host.
inline constexpr unsigned kRecordingMode = 0640;

// Beside `output`, or in the runtime folder when that is no file's path; a name that nothing has yet.
std::string CheckpointPath(const std::string& output);

class CheckpointFiles {
 public:
  // `notes` (not owned) get the warning.
  CheckpointFiles(std::optional<UserIds> owner, Notes& notes) : owner_(owner), notes_(notes) {}
  CheckpointFiles(const CheckpointFiles&) = delete;
  CheckpointFiles& operator=(const CheckpointFiles&) = delete;

  // CheckpointPath(output), the same each time.
  std::string PathFor(const std::string& output);
  // Writes `recording` to `path`. When that fails, there is one warning, and the next call tries again.
  void Write(const std::string& path, const Recording& recording);
  // Removes the files that are not in `paths`: their recording has another name now.
  void KeepOnly(const std::vector<std::string>& paths);
  // All is in its proper place.
  void Remove() { KeepOnly({}); }
  // Those that are there now.
  std::vector<std::string> Paths() const;

 private:
  std::optional<UserIds> owner_;
  Notes& notes_;
  std::map<std::string, std::string> marks_;  // By path: its entry in the runtime folder, for `doctor` to find; or "".
  std::map<std::string, std::string> paths_;  // By output.
  bool warned_ = false;
};

}  // namespace syscarve
