// SPDX-License-Identifier: Apache-2.0
// The annotation io.containers.trace-syscall, with which a container asks for a profile of itself. Its value comes from
// whoever may start a container: here is only its meaning; where may be read and written is decided elsewhere
// (hook_config.h).
#pragma once

#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

inline constexpr std::string_view kHookAnnotation = "io.containers.trace-syscall";

struct HookPaths {
  std::string output;
  std::string input;  // "" when none was asked for.
  bool operator==(const HookPaths&) const = default;
};

// The grammar is oci-seccomp-bpf-hook's:
//
//   annotation = part [";" part]
//   part       = ("if:" | "of:") path       the profile to start from, and where the result goes; in any order
//
// White space around a path is no part of it; a path is absolute. `of:` is required, and neither is given twice.
// Anything else is kInvalidArgument. A path with a NUL byte or a component ".." is refused, too: no file has such a
// name, and nobody needs the detour.
absl::StatusOr<HookPaths> ParseHookAnnotation(std::string_view annotation);

}  // namespace syscarve
