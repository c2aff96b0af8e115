#include "userspace/base/file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

constexpr std::string_view kFolderHint = "Create the folder first, or choose another output path.";

// How a path is shown in a message: it may come from a script or an image, so it is not trusted to be printable.
std::string Shown(const std::string& path) {
  return EscapeForTerminal(path);
}

// The descriptor that `path` stands for when the user spelt one: "-", /dev/stdout and their like. These are links below
// /proc, and are told by their spelling, so that a link somebody planted elsewhere never leads to a descriptor.
std::optional<int> DescriptorFromPath(std::string_view path) {
  if (path == "-" || path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const std::optional<int> fd = ParseNumber<int>(path.substr(folder.size()));
    if (fd.has_value() && *fd >= 0) return fd;
  }
  return std::nullopt;
}

struct SplitPath {
  std::string folder;
  std::string name;
};

SplitPath Split(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

enum class TargetKind { kReplaceable, kInPlace };

// What stands at `path` now: nothing, a regular file or a symlink, which a rename replaces, or a device, pipe or
// socket.
absl::StatusOr<TargetKind> ClassifyTarget(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the output path is empty");
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT && path.back() != '/') return TargetKind::kReplaceable;
    return WithHint(PosixError(Concat("look at output path ", Shown(path)), errno), kFolderHint);
  }
  if (S_ISDIR(info.st_mode)) {
    return WithHint(PosixError(Concat("write ", Shown(path)), EISDIR), "Name a file inside the folder.");
  }
  return S_ISREG(info.st_mode) || S_ISLNK(info.st_mode) ? TargetKind::kReplaceable : TargetKind::kInPlace;
}

absl::StatusOr<UniqueFd> OpenFolder(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return WithHint(PosixError(Concat("open folder ", Shown(folder)), errno), kFolderHint);
  return fd;
}

absl::Status WriteInPlace(const std::string& path, std::string_view content) {
  // O_NOFOLLOW and the second look close the gap since the first: what is written in place must not have become a file.
  UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW));
  if (!fd.valid()) return PosixError(Concat("open ", Shown(path)), errno);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError(Concat("look at ", Shown(path)), errno);
  if (S_ISREG(info.st_mode)) {
    return absl::FailedPreconditionError(Concat("write ", Shown(path), ": the path changed while it was written"));
  }
  return WriteAll(fd.get(), content, Shown(path));
}

absl::StatusOr<std::string> RandomTemporaryName() {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) return PosixError("read random bytes", errno);
  std::array<char, 16> hex;
  const char* end = std::to_chars(hex.data(), hex.data() + hex.size(), random, 16).ptr;
  return Concat(".syscarve-", std::string_view(hex.data(), end), ".tmp");
}

// A file in `folder` that is removed again unless it was renamed to its final name.
class TemporaryFile {
 public:
  static absl::StatusOr<TemporaryFile> Create(UniqueFd folder, const std::string& shown_folder, unsigned mode) {
    SYSCARVE_ASSIGN_OR_RETURN(std::string name, RandomTemporaryName());
    UniqueFd file(openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    if (!file.valid()) {
      return WithHint(PosixError(Concat("create a file in ", shown_folder), errno),
                      "Choose a folder that you may write to and that has free space.");
    }
    return TemporaryFile(std::move(folder), std::move(file), std::move(name));
  }
  TemporaryFile(TemporaryFile&&) = default;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    // A moved-from object has no folder any more and owns nothing.
    if (folder_.valid() && !renamed_) unlinkat(folder_.get(), name_.c_str(), 0);
  }

  absl::Status Fill(std::string_view content, const std::string& shown_path) {
    SYSCARVE_RETURN_IF_ERROR(WriteAll(file_.get(), content, shown_path));
    if (fsync(file_.get()) != 0) return PosixError(Concat("flush ", shown_path), errno);
    // Some file systems report a full disk only here.
    if (close(file_.release()) != 0) return PosixError(Concat("close ", shown_path), errno);
    return absl::OkStatus();
  }

  absl::Status RenameTo(const std::string& final_name, const std::string& shown_path) {
    if (renameat(folder_.get(), name_.c_str(), folder_.get(), final_name.c_str()) != 0) {
      return PosixError(Concat("rename the finished file to ", shown_path), errno);
    }
    renamed_ = true;
    return absl::OkStatus();
  }

 private:
  TemporaryFile(UniqueFd folder, UniqueFd file, std::string name)
      : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(name)) {}

  UniqueFd folder_;
  UniqueFd file_;
  std::string name_;
  bool renamed_ = false;
};

absl::Status WaitUntilWritable(int fd) {
  pollfd waiting = {.fd = fd, .events = POLLOUT, .revents = 0};
  if (poll(&waiting, 1, -1) < 0 && errno != EINTR) return PosixError("wait for output", errno);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit) {
  const bool is_stdin = path == "-";
  const std::string shown = is_stdin ? "standard input" : Shown(path);
  UniqueFd opened;
  if (!is_stdin) {
    opened = UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (!opened.valid()) return PosixError(Concat("open ", shown), errno);
  }
  const int fd = is_stdin ? STDIN_FILENO : opened.get();

  constexpr size_t kChunk = size_t{64} << 10;
  std::string content;
  size_t size = 0;
  while (size <= limit) {
    // One byte more than the limit is asked for, to tell "exactly the limit" from "too large".
    const size_t wanted = std::min(std::max(kChunk, size), limit - size + 1);
    content.resize(size + wanted);
    const ssize_t got = read(fd, content.data() + size, wanted);
    if (got < 0) {
      if (errno == EINTR) continue;
      return PosixError(Concat("read ", shown), errno);
    }
    size += static_cast<size_t>(got);
    if (got == 0) {
      content.resize(size);
      return content;
    }
  }
  return absl::InvalidArgumentError(Concat(shown, " is larger than ", limit, " bytes, the most that is read"));
}

absl::Status WriteAll(int fd, std::string_view content, std::string_view what) {
  while (!content.empty()) {
    const ssize_t written = write(fd, content.data(), content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      SYSCARVE_RETURN_IF_ERROR(WaitUntilWritable(fd));
    } else if (errno == ENOSPC || errno == EDQUOT) {
      return WithHint(PosixError(Concat("write ", what), errno), "Free some space, or choose another output path.");
    } else if (errno != EINTR) {
      return PosixError(Concat("write ", what), errno);
    }
  }
  return absl::OkStatus();
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode) {
  if (const std::optional<int> fd = DescriptorFromPath(path)) {
    return WriteAll(*fd, content, path == "-" ? "standard output" : Shown(path));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const TargetKind kind, ClassifyTarget(path));
  if (kind == TargetKind::kInPlace) return WriteInPlace(path, content);

  const auto [folder, name] = Split(path);
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd folder_fd, OpenFolder(folder));
  SYSCARVE_ASSIGN_OR_RETURN(TemporaryFile temporary, TemporaryFile::Create(std::move(folder_fd), Shown(folder), mode));
  SYSCARVE_RETURN_IF_ERROR(temporary.Fill(content, Shown(path)));
  return temporary.RenameTo(name, Shown(path));
}

absl::Status CheckWritable(const std::string& path) {
  if (const std::optional<int> fd = DescriptorFromPath(path)) {
    const int flags = fcntl(*fd, F_GETFL);
    const std::string shown = path == "-" ? "standard output" : Shown(path);
    if (flags < 0) return WithHint(PosixError(shown, errno), "Name an output file.");
    if ((flags & O_ACCMODE) == O_RDONLY) {
      return WithHint(PosixError(Concat("write ", shown), EBADF), "It is open for reading only: name an output file.");
    }
    return absl::OkStatus();
  }
  SYSCARVE_ASSIGN_OR_RETURN(const TargetKind kind, ClassifyTarget(path));
  if (kind == TargetKind::kInPlace) {
    if (faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
      return WithHint(PosixError(Concat("write ", Shown(path)), errno), "Choose another output path.");
    }
    return absl::OkStatus();
  }
  const std::string folder = Split(path).folder;
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd folder_fd, OpenFolder(folder));
  // Only an attempt tells: access(2) says yes to root on file systems where nothing can be created.
  return TemporaryFile::Create(std::move(folder_fd), Shown(folder), 0600).status();
}

}  // namespace syscarve
