// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

// The input of libarchive.
struct Input {
  ByteSource source;
  absl::Status status;
  uint64_t bytes = 0;
};

la_ssize_t OnRead(archive* reader, void* data, const void** buffer) {
  auto* input = static_cast<Input*>(data);
  absl::StatusOr<std::string_view> piece = input->source();
  if (!piece.ok()) {
    input->status = piece.status();
    archive_set_error(reader, EIO, "the source failed");
    return -1;
  }
  *buffer = piece->data();
  input->bytes += piece->size();
  return static_cast<la_ssize_t>(piece->size());
}

// libarchive reading a source. Not movable: libarchive keeps the address of `input`.
struct Reading {
  Reading(ByteSource source, ScanBudget& scan) : budget(scan) { input.source = std::move(source); }

  // Call once the supported formats are set.
  absl::Status Begin(std::string_view what) {
    const bool begun = archive_read_open2(reader.get(), &input, nullptr, OnRead, nullptr, nullptr) == ARCHIVE_OK;
    return begun ? absl::OkStatus() : Failure(what);
  }

  // The error of libarchive, or of the source.
  absl::Status Failure(std::string_view what) const {
    if (!input.status.ok()) return input.status;
    const char* const problem = archive_error_string(reader.get());
    return absl::InvalidArgumentError(
        Concat(what, ": ", EscapeForTerminal(problem != nullptr ? problem : "it cannot be read")));
  }

  Input input;
  std::unique_ptr<archive, int (*)(archive*)> reader{archive_read_new(), archive_read_free};
  ScanBudget& budget;
};

// Accepts only ARCHIVE_OK: ARCHIVE_WARN is for a filter that would run a program of the host.
bool SupportsFilters(archive* reader) {
  return archive_read_support_filter_gzip(reader) == ARCHIVE_OK &&
         archive_read_support_filter_zstd(reader) == ARCHIVE_OK &&
         archive_read_support_filter_xz(reader) == ARCHIVE_OK &&
         archive_read_support_filter_bzip2(reader) == ARCHIVE_OK;
}

std::string TextOf(const char* bytes) {
  return bytes != nullptr ? bytes : "";
}

constexpr std::string_view kCompressed = "its compression";
constexpr std::string_view kTar = "the archive";

}  // namespace

struct Unpacker::State : Reading {
  using Reading::Reading;
  uint64_t bytes = 0;
  bool empty = false;
};

Unpacker::Unpacker(std::unique_ptr<State> state) : state_(std::move(state)) {}
Unpacker::~Unpacker() = default;

absl::StatusOr<std::unique_ptr<Unpacker>> Unpacker::Open(ByteSource source, ScanBudget& budget) {
  auto state = std::make_unique<State>(std::move(source), budget);
  archive* const reader = state->reader.get();
  if (!SupportsFilters(reader) || archive_read_support_format_raw(reader) != ARCHIVE_OK ||
      archive_read_support_format_empty(reader) != ARCHIVE_OK) {
    return absl::FailedPreconditionError("this libarchive was built without gzip, zstd, xz or bzip2");
  }
  SYSCARVE_RETURN_IF_ERROR(state->Begin(kCompressed));
  // One filter, and the entry for "no filter" at the end.
  if (archive_filter_count(reader) > 2) {
    return absl::InvalidArgumentError("its compression: it is compressed more than once");
  }
  archive_entry* entry = nullptr;
  const int result = archive_read_next_header(reader, &entry);
  if (result == ARCHIVE_EOF) {
    state->empty = true;
  } else if (result != ARCHIVE_OK && result != ARCHIVE_WARN) {
    return state->Failure(kCompressed);
  }
  return std::unique_ptr<Unpacker>(new Unpacker(std::move(state)));
}

absl::StatusOr<std::string_view> Unpacker::Next() {
  if (state_->empty) return std::string_view();
  const void* data = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  int result;
  do {
    result = archive_read_data_block(state_->reader.get(), &data, &size, &offset);
  } while (result == ARCHIVE_OK && size == 0);
  if (result == ARCHIVE_EOF) {
    state_->empty = true;
    return std::string_view();
  }
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return state_->Failure(kCompressed);
  const ScanLimits& limits = state_->budget.limits;
  state_->bytes += size;
  state_->budget.bytes += size;
  if (state_->budget.bytes > limits.bytes) {
    return absl::ResourceExhaustedError(Concat("there are more than ", limits.bytes, " bytes, the most that is read"));
  }
  if (state_->bytes > limits.bomb_bytes && state_->bytes / limits.expansion > state_->input.bytes) {
    return absl::ResourceExhaustedError(Concat("its compression: ", state_->input.bytes, " bytes become more than ",
                                               state_->bytes,
                                               ", which is how an archive is made that is to fill a disk"));
  }
  return std::string_view(static_cast<const char*>(data), size);
}

struct TarReader::State : Reading {
  using Reading::Reading;
  uint64_t position = 0;
  bool has_holes = false;
};

TarReader::TarReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
TarReader::~TarReader() = default;

bool TarReader::has_holes() const {
  return state_->has_holes;
}

absl::StatusOr<std::unique_ptr<TarReader>> TarReader::Open(ByteSource source, ScanBudget& budget) {
  auto state = std::make_unique<State>(std::move(source), budget);
  archive* const reader = state->reader.get();
  archive_read_support_format_tar(reader);
  archive_read_support_format_empty(reader);
  SYSCARVE_RETURN_IF_ERROR(state->Begin(kTar));
  return std::unique_ptr<TarReader>(new TarReader(std::move(state)));
}

absl::StatusOr<bool> TarReader::Next(FileEntry& entry) {
  archive_entry* found = nullptr;
  int result;
  do {
    if (++state_->budget.entries > state_->budget.limits.entries) {
      return absl::ResourceExhaustedError(
          Concat("there are more than ", state_->budget.limits.entries, " files, the most that is read"));
    }
    result = archive_read_next_header(state_->reader.get(), &found);
  } while (result == ARCHIVE_RETRY);
  if (result == ARCHIVE_EOF) return false;
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return state_->Failure(kTar);
  state_->position = 0;
  state_->has_holes = false;

  // A UTF-8 name that the locale cannot represent is available only as UTF-8.
  const char* path = archive_entry_pathname(found);
  if (path == nullptr) path = archive_entry_pathname_utf8(found);
  entry = {};
  entry.path = TextOf(path);
  const char* hard_link = archive_entry_hardlink(found);
  if (hard_link == nullptr) hard_link = archive_entry_hardlink_utf8(found);
  const char* link = archive_entry_symlink(found);
  if (link == nullptr) link = archive_entry_symlink_utf8(found);
  entry.is_hard_link = hard_link != nullptr;
  entry.target = TextOf(hard_link != nullptr ? hard_link : link);
  entry.mode = archive_entry_mode(found);
  if (entry.is_hard_link && (entry.mode & S_IFMT) == 0) entry.mode |= S_IFREG;
  entry.uid = static_cast<uint64_t>(archive_entry_uid(found));
  entry.gid = static_cast<uint64_t>(archive_entry_gid(found));
  entry.device_major = archive_entry_rdevmajor(found);
  entry.device_minor = archive_entry_rdevminor(found);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  archive_entry_xattr_reset(found);
  while (archive_entry_xattr_next(found, &name, &value, &size) == ARCHIVE_OK) {
    if (name != nullptr && std::string_view(name) == "security.capability") {
      entry.capability.assign(static_cast<const char*>(value), size);
    }
  }
  return true;
}

absl::StatusOr<std::string_view> TarReader::Read() {
  const void* data = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  int result;
  do {
    result = archive_read_data_block(state_->reader.get(), &data, &size, &offset);
    if (offset > 0 && static_cast<uint64_t>(offset) != state_->position) state_->has_holes = true;
  } while (result == ARCHIVE_OK && size == 0);
  if (result == ARCHIVE_EOF) return std::string_view();
  if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return state_->Failure(kTar);
  state_->position = static_cast<uint64_t>(offset) + size;
  return std::string_view(static_cast<const char*>(data), size);
}

}  // namespace syscarve
