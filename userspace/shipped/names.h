// SPDX-License-Identifier: Apache-2.0
// Names of system calls as people type them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// A known name nearest to `name`, or "" when none is near: pread becomes pread64, and nonsense becomes nothing.
std::string NearestSyscallName(std::string_view name);

// All names at that least distance, in the order of the tables: more than one when it cannot be told which is meant.
std::vector<std::string> NearestSyscallNames(std::string_view name);

// OK when some ABI has each of `names`; otherwise kInvalidArgument that says where (`what`, such as "--allow") and
// which, with the nearest known name as the hint.
absl::Status CheckSyscallNames(std::string_view what, const std::vector<std::string>& names);

}  // namespace syscarve
