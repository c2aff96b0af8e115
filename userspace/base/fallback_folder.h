// SPDX-License-Identifier: Apache-2.0
// Where a result goes that could not be written where its user wanted it: the disk is full, the folder is gone. What
// took an hour to record is not lost to that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/sudo_caller.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// Folders for what lives no longer than a login, best first: root's own (/run) or the user's (XDG_RUNTIME_DIR), then
// TMPDIR or /tmp.
std::vector<std::string> RuntimeFolders();

class FallbackFolder {
 public:
  // Nothing is made until something is kept.
  explicit FallbackFolder(std::optional<UserIds> owner, std::vector<std::string> places = RuntimeFolders());

  // Writes a new file, readable by its owner alone, and returns its path: in a folder that only we could write to when
  // it was made, at the first of the places where it can be. `name` is one path component. An error says why it can be
  // kept nowhere.
  absl::StatusOr<std::string> Keep(const std::string& name, std::string_view content);

 private:
  struct Place {
    std::string parent;
    std::string folder;  // Ours, below it; "" until something is kept here.
    UniqueFd fd;
  };
  absl::Status KeepAt(Place& place, const std::string& name, std::string_view content) const;

  std::optional<UserIds> owner_;
  std::vector<Place> places_;
};

}  // namespace syscarve
