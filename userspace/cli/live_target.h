// Which process somebody means whose filters are to be read.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "userspace/base/status.h"

namespace syscarve::cli {

// A number is a process; anything else is a container's name or id, and so is whatever stands behind "container:". The
// container is asked for at `engine_socket` or, without one, where engines usually listen.
absl::StatusOr<pid_t> ResolveLiveTarget(const std::string& target, const std::optional<std::string>& engine_socket);

}  // namespace syscarve::cli
