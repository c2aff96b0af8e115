// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/byte_source.h"

#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
ByteSource FileSource(UniqueFd fd, std::string name, size_t piece_bytes) {
  // Shared, because std::function copies its target.
  const auto file = std::make_shared<UniqueFd>(std::move(fd));
  const auto piece = std::make_shared<std::string>(piece_bytes, '\0');
  return [file, piece, name = std::move(name)]() -> absl::StatusOr<std::string_view> {
    while (true) {
      const ssize_t got = read(file->get(), piece->data(), piece->size());
      if (got >= 0) return std::string_view(piece->data(), static_cast<size_t>(got));
      if (errno != EINTR) return PosixError(Concat("read ", EscapeForTerminal(name)), errno);
    }
  };
}

ByteSource TextSource(std::string_view text) {
  return [text]() mutable -> absl::StatusOr<std::string_view> { return std::exchange(text, std::string_view()); };
}

ByteSource Behind(std::string first, ByteSource rest) {
  const auto kept = std::make_shared<std::string>(std::move(first));
  bool given = kept->empty();
  return [kept, given, rest = std::move(rest)]() mutable -> absl::StatusOr<std::string_view> {
    if (given) return rest();
    given = true;
    return std::string_view(*kept);
  };
}

absl::StatusOr<std::string> ReadSource(const ByteSource& source, size_t limit) {
  std::string text;
  while (true) {
    SYSCARVE_ASSIGN_OR_RETURN(const std::string_view piece, source());
    if (piece.empty()) return text;
    if (piece.size() > limit - text.size()) {
      return absl::ResourceExhaustedError(Concat("is larger than ", limit, " bytes, the most that is read"));
    }
    text += piece;
  }
}

}  // namespace syscarve
