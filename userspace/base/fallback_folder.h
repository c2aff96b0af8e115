// SPDX-License-Identifier: Apache-2.0
// The place for a result that could not be written where the user wanted it: the disk is full, the folder is gone. A
// recording that took an hour must not be lost to that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/sudo_caller.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// Folders for data that live no longer than a login, best first: root's (/run) or the user's (XDG_RUNTIME_DIR), then
// TMPDIR or /tmp.
std::vector<std::string> RuntimeFolders();

class FallbackFolder {
 public:
  // Creates nothing until Keep() is called.
  explicit FallbackFolder(std::optional<UserIds> owner, std::vector<std::string> places = RuntimeFolders());

  // Writes a new file, readable only by its owner, and returns its path. It is in a new folder, which only this user
  // could write to at its creation, in the first place that allows it. `name` is one path component. On failure, the
  // error has the reason why the result can be kept nowhere.
  absl::StatusOr<std::string> Keep(const std::string& name, std::string_view content);

 private:
  struct Place {
    std::string parent;
    std::string folder;  // Created here below `parent`; "" until something is kept in it.
    UniqueFd fd;
  };
  absl::Status KeepAt(Place& place, const std::string& name, std::string_view content) const;

  std::optional<UserIds> owner_;
  std::vector<Place> places_;
};

}  // namespace syscarve
