// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/unix_socket.h"

#include <sys/socket.h>

#include <cstring>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {

absl::StatusOr<sockaddr_un> UnixAddress(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(Concat("not a unix socket's path: ", EscapeForTerminal(path)));
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

}  // namespace syscarve
