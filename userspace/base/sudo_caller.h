// SPDX-License-Identifier: Apache-2.0
// Who called sudo: whom the files that a privileged verb writes shall belong to, and whom a command runs as.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

struct UserIds {
  uid_t uid = 0;
  std::optional<gid_t> gid;  // nullopt: not told.
  bool operator==(const UserIds&) const = default;
};

// A uid or gid in decimal; nullopt for anything else. The largest 32-bit number means "unchanged" to the kernel and is
// nobody's id.
std::optional<uint32_t> ParseUserId(std::string_view text);

// What SUDO_UID and SUDO_GID say, when we are root; nullopt when nobody called sudo, or root did. kInvalidArgument when
// they are no ids. sudo sets both itself, so whoever can choose them is root already.
absl::StatusOr<std::optional<UserIds>> FindSudoCaller();

}  // namespace syscarve
