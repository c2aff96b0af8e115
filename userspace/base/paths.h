// SPDX-License-Identifier: Apache-2.0
// Paths as texts; no file is accessed.
#pragma once

#include <string_view>

namespace syscarve {

// Whether `path` is `directory` or below it, by whole components. Both are absolute, and `directory` has no trailing
// slash unless it is "/".
inline bool IsWithin(std::string_view path, std::string_view directory) {
  if (directory == "/") return path.starts_with('/');
  return path.starts_with(directory) && (path.size() == directory.size() || path[directory.size()] == '/');
}

}  // namespace syscarve
