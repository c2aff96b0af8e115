// SPDX-License-Identifier: Apache-2.0
// The extended attribute security.capability (struct vfs_cap_data of linux/capability.h): what a program is given when
// it is executed, whoever does that.
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
  bool effective = false;        // In force without the program's asking.
  std::optional<uint32_t> root;  // Of revision 3: only in the user namespace whose root this user is.
};

// Revisions 1 to 3; nullopt for anything else.
std::optional<FileCapabilities> DecodeFileCapabilities(std::string_view attribute);

// "CAP_NET_RAW, CAP_SETUID"
std::string FileCapabilityWords(const FileCapabilities& capabilities);

}  // namespace syscarve
