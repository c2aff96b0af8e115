// SPDX-License-Identifier: Apache-2.0
// Bytes that come piece by piece: an image is never in memory or unpacked on a disk.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// The next piece, which stays good until the next call; empty at the end, and only there.
using ByteSource = std::function<absl::StatusOr<std::string_view>()>;

inline constexpr size_t kPieceBytes = size_t{256} << 10;

// What is left of an open file, which is called `name` in errors, in pieces of this size.
ByteSource FileSource(UniqueFd fd, std::string name, size_t piece_bytes = kPieceBytes);

// Of a text in memory, which must outlive the source.
ByteSource TextSource(std::string_view text);

// `first`, and then what comes from `rest`.
ByteSource Behind(std::string first, ByteSource rest);

// At most `limit` bytes of `source`: kResourceExhausted when there are more.
absl::StatusOr<std::string> ReadSource(const ByteSource& source, size_t limit);

}  // namespace syscarve
