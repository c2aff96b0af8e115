// SPDX-License-Identifier: Apache-2.0
// What a Compose file sets for its services' security: the little that is needed to add to it. The file may be
// anybody's, so it is read within narrow limits, and no alias is ever expanded.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

inline constexpr size_t kMaxComposeBytes = size_t{1} << 20;

struct ComposeService {
  std::string name;
  std::vector<std::string> security_opt;  // As written, variables and all.
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  bool privileged = false;
  bool extends = false;  // It takes more from elsewhere, which is not read.
  bool operator==(const ComposeService&) const = default;
};

struct ComposeFile {
  std::optional<std::string> version;    // A number, "3.8".
  std::vector<ComposeService> services;  // In the order of the file.
  bool includes = false;                 // Other files belong to it, which are not read.
  bool operator==(const ComposeFile&) const = default;
};

// YAML 1.1 as libyaml reads it, with merge keys. kInvalidArgument, with the line, for what is no Compose file: no
// mapping of services, a key twice, a value of another type, more than one document, an alias of itself, or sizes
// beyond any real one.
absl::StatusOr<ComposeFile> ParseComposeFile(std::string_view text);

}  // namespace syscarve
