// SPDX-License-Identifier: Apache-2.0
// Untrusted archives, read by libarchive: decompression, and tars entry by entry, without unpacking to a disk and with
// limits on the expansion of small archives. Only this file's .cc uses libarchive.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/image/byte_source.h"

struct archive;
struct archive_entry;

namespace syscarve {

// The limits of a whole scan.
struct ScanLimits {
  uint64_t bytes = uint64_t{64} << 30;  // Read after decompression, of all archives together.
  uint64_t entries = 4'000'000;         // Of all archives together.
  // The largest ratio of decompressed to compressed bytes; not checked below bomb_bytes.
  uint64_t expansion = 400;
  uint64_t bomb_bytes = uint64_t{1} << 30;
  uint64_t findings = 20'000;
  uint64_t kept_bytes = uint64_t{32} << 20;  // Of package lists and links.
};

// The limits and the part of them that is used up.
struct ScanBudget {
  ScanLimits limits;
  uint64_t bytes = 0;    // Used so far.
  uint64_t entries = 0;  // Likewise.
};

// Decompresses gzip, zstd, xz, bzip2, or no compression. One layer only; kInvalidArgument for a further one, and for
// damaged bytes. kResourceExhausted if the budget is used up, or the ratio exceeds `expansion`.
class Unpacker {
 public:
  // `budget` must outlive the unpacker.
  static absl::StatusOr<std::unique_ptr<Unpacker>> Open(ByteSource source, ScanBudget& budget);
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;
  ~Unpacker();

  // The next piece; empty at the end.
  absl::StatusOr<std::string_view> Next();

 private:
  struct State;
  explicit Unpacker(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// An entry of a tar, or a file of a folder.
struct FileEntry {
  std::string path;   // As in the archive; may be anything.
  unsigned mode = 0;  // Type and permission bits, as in st_mode.
  uint64_t uid = 0;
  uint64_t gid = 0;
  uint64_t device_major = 0;
  uint64_t device_minor = 0;
  bool is_hard_link = false;
  std::string target;      // Of a link of either kind.
  std::string capability;  // The bytes of the extended attribute security.capability.
};

// Reads a tar: the forms of POSIX, GNU and old ones.
class TarReader {
 public:
  // `budget` must outlive the reader.
  static absl::StatusOr<std::unique_ptr<TarReader>> Open(ByteSource source, ScanBudget& budget);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;
  ~TarReader();

  // Advances to the next entry; false at the end.
  absl::StatusOr<bool> Next(FileEntry& entry);
  // The next piece of the entry's bytes, without the holes of a sparse file; empty at the end.
  absl::StatusOr<std::string_view> Read();
  // Whether the part of the entry that has been read had a hole.
  bool has_holes() const;

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace syscarve
