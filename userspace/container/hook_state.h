// SPDX-License-Identifier: Apache-2.0
// A hook's standard input: the OCI runtime's state of the container (runtime-spec, runtime.md, "State"). The hook needs
// two of its fields and, like oci-seccomp-bpf-hook, accepts any values of the others.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// No runtime writes a state as large as this.
inline constexpr size_t kMaxHookStateBytes = size_t{4} << 20;

struct HookState {
  pid_t pid = 0;           // The container's first process, in the runtime's pid namespace; greater than 0.
  std::string annotation;  // kHookAnnotation's value; untrusted.
  bool operator==(const HookState&) const = default;
};

// kInvalidArgument if the text is not a JSON object, the pid is missing or not greater than 0, or the container has no
// such annotation.
absl::StatusOr<HookState> ParseHookState(std::string_view text);

}  // namespace syscarve
