// SPDX-License-Identifier: Apache-2.0
// Names of system calls in user input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// The nearest known name to `name`, or "" if none is near: pread64 for pread, "" for nonsense.
std::string NearestSyscallName(std::string_view name);

// All names at the least distance, in the order of the tables: several if the match is ambiguous.
std::vector<std::string> NearestSyscallNames(std::string_view name);

// OK if each of `names` exists on some ABI; otherwise kInvalidArgument with the source (`what`, such as "--allow"), the
// unknown name, and the nearest known name as the hint.
absl::Status CheckSyscallNames(std::string_view what, const std::vector<std::string>& names);

}  // namespace syscarve
