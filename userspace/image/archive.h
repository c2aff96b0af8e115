// SPDX-License-Identifier: Apache-2.0
// Archives of others, read by libarchive: compression taken off, and tar entry by entry, with nothing unpacked to a
// disk and bounds on what an archive can make of few bytes. libarchive is kept to this file's .cc.
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

// What a whole scan may take.
struct ScanLimits {
  uint64_t bytes = uint64_t{64} << 30;  // Read after taking off compression, of all archives together.
  uint64_t entries = 4'000'000;         // Of all archives.
  // Compressed bytes may become so many times as many; not looked at below bomb_bytes.
  uint64_t expansion = 400;
  uint64_t bomb_bytes = uint64_t{1} << 30;
  uint64_t findings = 20'000;
  uint64_t kept_bytes = uint64_t{32} << 20;  // Of package lists and links.
};

// What is left of it.
struct ScanBudget {
  ScanLimits limits;
  uint64_t bytes = 0;    // Used so far.
  uint64_t entries = 0;  // Likewise.
};

// Takes off compression: gzip, zstd, xz, bzip2, or none. Only one layer of it; another is kInvalidArgument, and so are
// damaged bytes. kResourceExhausted when the budget is used up, or it grows as no honest archive does.
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

// The type and permission bits of a file, as in st_mode.
struct FileEntry {
  std::string path;  // As the archive has it; may be anything.
  unsigned mode = 0;
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

  // Moves on to the next entry; false at the end.
  absl::StatusOr<bool> Next(FileEntry& entry);
  // The next piece of the entry's bytes, the holes of a sparse file left out; empty at the end.
  absl::StatusOr<std::string_view> Read();
  // Whether the entry that was read had a hole.
  bool has_holes() const;

 private:
  struct State;
  explicit TarReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace syscarve
