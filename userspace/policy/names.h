// Names of system calls as people type them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// The known name nearest to `name`, or "" when none is near: pread becomes pread64, and nonsense becomes nothing.
std::string NearestSyscallName(std::string_view name);

// OK when some ABI has each of `names`; otherwise kInvalidArgument that says where (`what`, such as "--allow") and
// which, with the nearest known name as the hint.
absl::Status CheckSyscallNames(std::string_view what, const std::vector<std::string>& names);

}  // namespace syscarve
