// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/output_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <climits>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <thread>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

constexpr std::string_view kFolderHint = "Create the folder first, or choose another output path.";

// The descriptor that `path` denotes: "-", /dev/stdout and the like. These are links below /proc and are recognised by
// their spelling, so that a link that someone planted elsewhere never leads to a descriptor.
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

// How long the reader of a named pipe may take to open it: it may have been started at the same time.
constexpr std::chrono::milliseconds kReaderLimit{500};
constexpr std::chrono::milliseconds kReaderInterval{10};

enum class TargetKind { kReplaceable, kPipe, kDevice };

// What is at `path` now: nothing, a regular file or a symlink, which a rename replaces, or a file that is written in
// place.
absl::StatusOr<TargetKind> ClassifyTarget(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the output path is empty");
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT && path.back() != '/') return TargetKind::kReplaceable;
    return WithHint(PosixError(Concat("look at output path ", EscapeForTerminal(path)), errno), kFolderHint);
  }
  if (S_ISDIR(info.st_mode)) {
    return WithHint(PosixError(Concat("write ", EscapeForTerminal(path)), EISDIR), "Name a file inside the folder.");
  }
  if (S_ISREG(info.st_mode) || S_ISLNK(info.st_mode)) return TargetKind::kReplaceable;
  if (S_ISFIFO(info.st_mode)) return TargetKind::kPipe;
  if (S_ISCHR(info.st_mode)) return TargetKind::kDevice;
  return WithHint(absl::InvalidArgumentError(Concat("write ", EscapeForTerminal(path), ": it is a ",
                                                    S_ISSOCK(info.st_mode) ? "socket" : "block device")),
                  "Name a file.");
}

absl::StatusOr<UniqueFd> OpenFolder(const std::string& folder) {
  UniqueFd fd(open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return WithHint(PosixError(Concat("open folder ", EscapeForTerminal(folder)), errno), kFolderHint);
  return fd;
}

// Opens a pipe or device. Never waits for ever: a waiting recorder handles no signal, and appears to hang.
absl::StatusOr<UniqueFd> OpenInPlace(const std::string& path) {
  const auto deadline = std::chrono::steady_clock::now() + kReaderLimit;
  while (true) {
    // O_NOFOLLOW and the second check close the gap since the first: the target of a write in place must not have
    // become a regular file.
    UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK));
    if (!fd.valid() && errno == ENXIO && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kReaderInterval);
      continue;
    }
    if (!fd.valid() && errno == ENXIO) {
      return WithHint(
          absl::FailedPreconditionError(Concat("write ", EscapeForTerminal(path), ": nobody reads from it")),
          "Start the reader first, or name a file.");
    }
    if (!fd.valid()) return PosixError(Concat("open ", EscapeForTerminal(path)), errno);
    struct stat info;
    if (fstat(fd.get(), &info) != 0) return PosixError(Concat("look at ", EscapeForTerminal(path)), errno);
    if (!S_ISFIFO(info.st_mode) && !S_ISCHR(info.st_mode)) {
      return absl::FailedPreconditionError(
          Concat("write ", EscapeForTerminal(path), ": the path changed while it was written"));
    }
    return fd;
  }
}

absl::StatusOr<std::string> RandomTemporaryName() {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) return PosixError("read random bytes", errno);
  std::array<char, 16> hex;
  const char* end = std::to_chars(hex.data(), hex.data() + hex.size(), random, 16).ptr;
  return Concat(".syscarve-", std::string_view(hex.data(), end), ".tmp");
}

// By descriptor, so that no path can be redirected meanwhile. If it fails (FAT, a squashed root), the file keeps its
// owner, which is better than no file.
void GiveTo(const UniqueFd& fd, const UserIds& owner) {
  (void)!fchown(fd.get(), owner.uid, owner.gid.value_or(static_cast<gid_t>(-1)));
}

// A file in `folder` without a name (O_TMPFILE), if the file system supports it: even a kill leaves nothing behind.
UniqueFd OpenUnnamed(const UniqueFd& folder, unsigned mode) {
  // Its name will be created through /proc.
  if (access("/proc/self/fd", X_OK) != 0) return UniqueFd();
  return UniqueFd(openat(folder.get(), ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode));
}

// A file in `folder` that is removed unless it was renamed to its final name.
class TemporaryFile {
 public:
  static absl::StatusOr<TemporaryFile> Create(UniqueFd folder, const std::string& shown_folder, unsigned mode) {
    SYSCARVE_ASSIGN_OR_RETURN(std::string name, RandomTemporaryName());
    UniqueFd file = OpenUnnamed(folder, mode);
    const bool named = !file.valid();
    if (named) {
      file = UniqueFd(openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
    }
    if (!file.valid()) {
      return WithHint(PosixError(Concat("create a file in ", shown_folder), errno),
                      "Choose a folder that you may write to and that has free space.");
    }
    return TemporaryFile(std::move(folder), std::move(file), std::move(name), named);
  }
  TemporaryFile(TemporaryFile&&) = default;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    // A moved-from object has no folder and owns nothing.
    if (folder_.valid() && named_) unlinkat(folder_.get(), name_.c_str(), 0);
  }

  absl::Status Fill(std::string_view content, const std::string& shown_path, const WriteOptions& options) {
    SYSCARVE_RETURN_IF_ERROR(WriteAll(file_.get(), content, shown_path));
    if (options.owner) GiveTo(file_, *options.owner);
    if (options.flush && fsync(file_.get()) != 0) return PosixError(Concat("flush ", shown_path), errno);
    // Some file systems report a full disk only here. None of them supports O_TMPFILE.
    if (named_ && close(file_.release()) != 0) return PosixError(Concat("close ", shown_path), errno);
    return absl::OkStatus();
  }

  absl::Status RenameTo(const std::string& final_name, const std::string& shown_path) {
    if (!named_) {
      const std::string open_file = Concat("/proc/self/fd/", file_.get());
      if (linkat(AT_FDCWD, open_file.c_str(), folder_.get(), name_.c_str(), AT_SYMLINK_FOLLOW) != 0) {
        return PosixError(Concat("name the finished file ", shown_path), errno);
      }
      named_ = true;
    }
    if (renameat(folder_.get(), name_.c_str(), folder_.get(), final_name.c_str()) != 0) {
      return PosixError(Concat("rename the finished file to ", shown_path), errno);
    }
    named_ = false;
    return absl::OkStatus();
  }

 private:
  TemporaryFile(UniqueFd folder, UniqueFd file, std::string name, bool named)
      : folder_(std::move(folder)), file_(std::move(file)), name_(std::move(name)), named_(named) {}

  UniqueFd folder_;
  UniqueFd file_;
  std::string name_;
  bool named_;  // Whether `name_` exists and is to be removed.
};

// Waits until `fd` accepts data, or `stop` requests to give up.
absl::Status WaitUntilWritable(int fd, const std::optional<StopSignal>& stop, std::string_view what) {
  while (true) {
    std::array<pollfd, 2> waiting = {
        {{.fd = fd, .events = POLLOUT, .revents = 0}, {.fd = stop ? stop->fd : -1, .events = POLLIN, .revents = 0}}};
    if (poll(waiting.data(), waiting.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return PosixError("wait for output", errno);
    }
    if (waiting[0].revents != 0) return absl::OkStatus();
    if (stop->asked()) return absl::CancelledError(Concat("write ", what, ": its reader does not read, and a signal"));
  }
}

bool IsRegular(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

absl::Status WriteAll(int fd, std::string_view content, std::string_view what, const std::optional<StopSignal>& stop) {
  // A pipe that is ready accepts PIPE_BUF bytes without blocking, in either mode; more could block for ever.
  const bool careful = stop && !IsRegular(fd);
  while (!content.empty()) {
    if (careful) SYSCARVE_RETURN_IF_ERROR(WaitUntilWritable(fd, stop, what));
    const ssize_t written =
        write(fd, content.data(), careful ? std::min<size_t>(content.size(), PIPE_BUF) : content.size());
    if (written >= 0) {
      content.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      SYSCARVE_RETURN_IF_ERROR(WaitUntilWritable(fd, stop, what));
    } else if (errno == ENOSPC || errno == EDQUOT) {
      return WithHint(PosixError(Concat("write ", what), errno), "Free some space, or choose another output path.");
    } else if (errno == EFBIG) {
      return WithHint(PosixError(Concat("write ", what), errno), "`ulimit -f` bounds the size of files here.");
    } else if (errno != EINTR) {
      return PosixError(Concat("write ", what), errno);
    }
  }
  return absl::OkStatus();
}

absl::Status WriteOutput(const std::string& path, std::string_view content, const WriteOptions& options) {
  if (const std::optional<int> fd = DescriptorFromPath(path)) {
    return WriteAll(*fd, content, path == "-" ? "standard output" : EscapeForTerminal(path), options.stop);
  }
  SYSCARVE_ASSIGN_OR_RETURN(const TargetKind kind, ClassifyTarget(path));
  if (kind != TargetKind::kReplaceable) {
    SYSCARVE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenInPlace(path));
    return WriteAll(fd.get(), content, EscapeForTerminal(path), options.stop);
  }
  const auto [folder, name] = Split(path);
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd folder_fd, OpenFolder(folder));
  SYSCARVE_ASSIGN_OR_RETURN(TemporaryFile temporary,
                            TemporaryFile::Create(std::move(folder_fd), EscapeForTerminal(folder), options.mode));
  SYSCARVE_RETURN_IF_ERROR(temporary.Fill(content, EscapeForTerminal(path), options));
  return temporary.RenameTo(name, EscapeForTerminal(path));
}

absl::Status WriteFileAtomically(const std::string& path, std::string_view content, unsigned mode) {
  return WriteOutput(path, content, {.mode = mode});
}

absl::Status WriteAll(int fd, std::string_view content, std::string_view what) {
  return WriteAll(fd, content, what, std::nullopt);
}

absl::Status CheckWritable(const std::string& path) {
  if (const std::optional<int> fd = DescriptorFromPath(path)) {
    const int flags = fcntl(*fd, F_GETFL);
    const std::string shown = path == "-" ? "standard output" : EscapeForTerminal(path);
    if (flags < 0) return WithHint(PosixError(shown, errno), "Name an output file.");
    if ((flags & O_ACCMODE) == O_RDONLY) {
      return WithHint(PosixError(Concat("write ", shown), EBADF), "It is open for reading only: name an output file.");
    }
    return absl::OkStatus();
  }
  SYSCARVE_ASSIGN_OR_RETURN(const TargetKind kind, ClassifyTarget(path));
  if (kind != TargetKind::kReplaceable) {
    if (faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) {
      return WithHint(PosixError(Concat("write ", EscapeForTerminal(path)), errno), "Choose another output path.");
    }
    return absl::OkStatus();
  }
  const std::string folder = Split(path).folder;
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd folder_fd, OpenFolder(folder));
  // Only an attempt is reliable: access(2) succeeds for root on file systems where nothing can be created.
  return TemporaryFile::Create(std::move(folder_fd), EscapeForTerminal(folder), 0600).status();
}

absl::StatusOr<OutputFile> OutputFile::Open(std::string path) {
  SYSCARVE_RETURN_IF_ERROR(CheckWritable(path));
  if (!DescriptorFromPath(path)) {
    SYSCARVE_ASSIGN_OR_RETURN(const TargetKind kind, ClassifyTarget(path));
    if (kind == TargetKind::kPipe) {
      SYSCARVE_ASSIGN_OR_RETURN(UniqueFd pipe, OpenInPlace(path));
      return OutputFile(std::move(path), std::move(pipe));
    }
  }
  return OutputFile(std::move(path), UniqueFd());
}

absl::Status OutputFile::Write(std::string_view content, const WriteOptions& options) const {
  if (pipe_.valid()) return WriteAll(pipe_.get(), content, EscapeForTerminal(path_), options.stop);
  return WriteOutput(path_, content, options);
}

absl::Status MakeOutputFolder(const std::string& path, const std::optional<UserIds>& owner) {
  if (mkdir(path.c_str(), owner ? 0700 : 0750) != 0) {
    if (errno == EEXIST) return absl::OkStatus();
    return PosixError(Concat("make the folder ", EscapeForTerminal(path)), errno);
  }
  if (!owner) return absl::OkStatus();
  // It may have been replaced by another folder, if others may write to its parent. Only an empty one of this user is
  // given to the owner.
  const UniqueFd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat info;
  std::error_code error;
  if (!folder.valid() || fstat(folder.get(), &info) != 0)
    return PosixError(Concat("open ", EscapeForTerminal(path)), errno);
  const bool empty = std::filesystem::is_empty(Concat("/proc/self/fd/", folder.get()), error);
  if (info.st_uid != geteuid() || (info.st_mode & 0777) != 0700 || error || !empty) {
    return absl::FailedPreconditionError(
        Concat("make the folder ", EscapeForTerminal(path), ": another one was put there"));
  }
  (void)!fchmod(folder.get(), 0750);
  GiveTo(folder, *owner);
  return absl::OkStatus();
}

void LiftFileSizeLimit() {
  rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  const rlimit none = {.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY};
  if (setrlimit(RLIMIT_FSIZE, &none) == 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)setrlimit(RLIMIT_FSIZE, &limit);
}

}  // namespace syscarve
