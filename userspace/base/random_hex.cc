// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/random_hex.h"

#include <sys/random.h>
#include <sys/types.h>

#include <cerrno>

namespace syscarve {

absl::StatusOr<std::string> RandomHex(size_t bytes) {
  std::string random(bytes, '\0');
  if (getrandom(random.data(), bytes, 0) != static_cast<ssize_t>(bytes)) return PosixError("read random bytes", errno);
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char c : random) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

}  // namespace syscarve
