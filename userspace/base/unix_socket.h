// SPDX-License-Identifier: Apache-2.0
// Addresses of sockets in the file system (unix(7)).
#pragma once

#include <sys/un.h>

#include <string>

#include "userspace/base/status.h"

namespace syscarve {

// kInvalidArgument for a path that is empty or longer than the kernel's limit of 107 bytes.
absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path);

}  // namespace syscarve
