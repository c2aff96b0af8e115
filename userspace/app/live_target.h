// SPDX-License-Identifier: Apache-2.0
// Which process somebody means whose filters are to be read.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// What stands before a live target where a file could be meant as well.
inline constexpr std::string_view kLive = "live:";

// A number is a process; anything else is a container's name or id, and so is whatever stands behind "container:".
// "live:" may stand before either. The container is asked for at `engine_socket` or, without one, of every engine that
// listens where engines usually do.
absl::StatusOr<pid_t> ResolveLiveTarget(const std::string& target, const std::optional<std::string>& engine_socket);

}  // namespace syscarve
