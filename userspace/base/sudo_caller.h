// SPDX-License-Identifier: Apache-2.0
// The caller of sudo: the owner of files that a privileged verb writes, and the user that a command runs as.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

struct UserIds {
  uid_t uid = 0;
  std::optional<gid_t> gid;  // nullopt: unknown.
  bool operator==(const UserIds&) const = default;
};

// A uid or gid in decimal; nullopt for anything else. The largest 32-bit number means "unchanged" to the kernel and is
// not an id.
std::optional<uint32_t> ParseUserId(std::string_view text);

// The ids in SUDO_UID and SUDO_GID, if this process is root; nullopt if sudo was not used, or its caller is root.
// kInvalidArgument if they are no ids. sudo sets both itself, so only root can choose other values.
absl::StatusOr<std::optional<UserIds>> FindSudoCaller();

}  // namespace syscarve
