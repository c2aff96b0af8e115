// SPDX-License-Identifier: Apache-2.0
// The security settings of a Compose file's services, as far as needed to add to them. The file is untrusted, so it is
// read within narrow limits, and aliases are never expanded.
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
  std::vector<std::string> security_opt;  // As written, with variables unexpanded.
  std::vector<std::string> cap_add;
  std::vector<std::string> cap_drop;
  bool privileged = false;
  bool extends = false;  // It extends another service, which is not read.
  bool operator==(const ComposeService&) const = default;
};

struct ComposeFile {
  std::optional<std::string> version;    // A number, "3.8".
  std::vector<ComposeService> services;  // In the order of the file.
  bool includes = false;                 // It includes other files, which are not read.
  bool operator==(const ComposeFile&) const = default;
};

// Reads YAML 1.1 with libyaml, with merge keys. kInvalidArgument, with the line, for anything that is not a Compose
// file: no mapping of services, a repeated key, a value of another type, more than one document, an alias of itself, or
// sizes beyond any real one.
absl::StatusOr<ComposeFile> ParseComposeFile(std::string_view text);

}  // namespace syscarve
