// SPDX-License-Identifier: Apache-2.0
// Unique names.
#pragma once

#include <cstddef>
#include <string>

#include "userspace/base/status.h"

namespace syscarve {

// `bytes` random bytes as twice as many hex digits.
absl::StatusOr<std::string> RandomHex(size_t bytes);

}  // namespace syscarve
