// SPDX-License-Identifier: Apache-2.0
// The annotation io.containers.trace-syscall, with which a container requests a profile of itself. Its value is chosen
// by anyone who may start a container: this file only parses it; which files may be read and written is decided
// elsewhere (hook_config.h).
#pragma once

#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

inline constexpr std::string_view kHookAnnotation = "io.containers.trace-syscall";

struct HookPaths {
  std::string output;
  std::string input;  // "" if none was requested.
  bool operator==(const HookPaths&) const = default;
};

// The grammar is oci-seccomp-bpf-hook's:
//
//   annotation = part [";" part]
//   part       = ("if:" | "of:") path       the profile to start from, and where the result goes; in any order
//
// White space around a path is not part of it; a path is absolute. `of:` is required, and neither is given twice.
// Anything else is kInvalidArgument. So is a path with a NUL byte or a component "..": no file has such a name, and no
// use needs such a path.
absl::StatusOr<HookPaths> ParseHookAnnotation(std::string_view annotation);

}  // namespace syscarve
