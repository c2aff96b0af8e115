// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/sudo_caller.h"

#include <unistd.h>

#include <cstdlib>
#include <limits>

#include "userspace/base/text.h"

namespace syscarve {

std::optional<uint32_t> ParseUserId(std::string_view text) {
  const std::optional<uint32_t> id = ParseNumber<uint32_t>(text);
  return id == std::numeric_limits<uint32_t>::max() ? std::nullopt : id;
}

absl::StatusOr<std::optional<UserIds>> FindSudoCaller() {
  const char* uid_text = geteuid() == 0 ? std::getenv("SUDO_UID") : nullptr;
  const char* gid_text = std::getenv("SUDO_GID");
  if (uid_text == nullptr) return std::nullopt;
  const std::optional<uid_t> uid = ParseUserId(uid_text);
  const std::optional<gid_t> gid = gid_text == nullptr ? std::nullopt : ParseUserId(gid_text);
  if (!uid.has_value() || (gid_text != nullptr && !gid.has_value())) {
    return absl::InvalidArgumentError("SUDO_UID or SUDO_GID is not a number, so who called sudo is unknown");
  }
  if (*uid == 0) return std::nullopt;
  return UserIds{.uid = *uid, .gid = gid};
}

}  // namespace syscarve
