// SPDX-License-Identifier: Apache-2.0
// Bytes that arrive piece by piece: an image is never completely in memory, nor unpacked on a disk.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// Returns the next piece, valid until the next call; empty at the end, and only there.
using ByteSource = std::function<absl::StatusOr<std::string_view>()>;

inline constexpr size_t kPieceBytes = size_t{256} << 10;

// The rest of an open file, in pieces of this size; `name` is its name in errors.
ByteSource FileSource(UniqueFd fd, std::string name, size_t piece_bytes = kPieceBytes);

// A text in memory, which must outlive the source.
ByteSource TextSource(std::string_view text);

// `first`, followed by `rest`.
ByteSource Behind(std::string first, ByteSource rest);

// Reads `source` to its end. kResourceExhausted if it has more than `limit` bytes.
absl::StatusOr<std::string> ReadSource(const ByteSource& source, size_t limit);

}  // namespace syscarve
