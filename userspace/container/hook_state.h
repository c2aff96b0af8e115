// SPDX-License-Identifier: Apache-2.0
// What a hook gets on standard input: the OCI runtime's state of the container (runtime-spec, runtime.md, "State").
// The hook needs two of its fields and, as oci-seccomp-bpf-hook did, takes whatever the others are.
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
  std::string annotation;  // kHookAnnotation's value: an adversary's bytes.
  bool operator==(const HookState&) const = default;
};

// kInvalidArgument for text that is not a JSON object, a pid that is missing or not greater than 0, and for a container
// without the annotation.
absl::StatusOr<HookState> ParseHookState(std::string_view text);

}  // namespace syscarve
