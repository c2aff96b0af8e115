// SPDX-License-Identifier: Apache-2.0
// The extended attribute security.capability (struct vfs_cap_data of linux/capability.h): the capabilities that a
// program gains when any user executes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

struct FileCapabilities {
  std::vector<int> permitted;  // Ascending.
  std::vector<int> inheritable;
  bool effective = false;        // In force from the start, without a request by the program.
  std::optional<uint32_t> root;  // In revision 3: valid only in the user namespace whose root is this user.
};

// Revisions 1 to 3; nullopt for anything else.
std::optional<FileCapabilities> DecodeFileCapabilities(std::string_view attribute);

// "CAP_NET_RAW, CAP_SETUID"
std::string FileCapabilityWords(const FileCapabilities& capabilities);

}  // namespace syscarve
