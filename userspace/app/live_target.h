// SPDX-License-Identifier: Apache-2.0
// From a live target in a user's words to the process whose filters are read.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

// The prefix of a live target where a file name is accepted as well.
inline constexpr std::string_view kLive = "live:";

// The process for `target`: a number is a process id; anything else, or anything behind "container:", is a container's
// name or id. Either may be prefixed with "live:". The container is looked up in the engine at `engine_socket` or,
// without one, in every engine that listens on a usual socket.
absl::StatusOr<pid_t> ResolveLiveTarget(const std::string& target, const std::optional<std::string>& engine_socket);

}  // namespace syscarve
