// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/confined_file.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>

#include "absl/cleanup/cleanup.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/file.h"

namespace syscarve {
namespace {

absl::StatusOr<UniqueFd> OpenTrustedDirectory(const std::string& directory) {
  // The trusted part of the path may contain links: its author chose them.
  UniqueFd fd(open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return PosixError(Concat("open directory ", EscapeForTerminal(directory)), errno);
  return fd;
}

absl::StatusOr<UniqueFd> OpenBeneath(const UniqueFd& directory, const std::string& below, int flags,
                                     const std::string& shown) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  int fd;
  do {
    fd = static_cast<int>(syscall(SYS_openat2, directory.get(), below.c_str(), &how, sizeof(how)));
  } while (fd < 0 && (errno == EAGAIN || errno == EINTR));  // A concurrent rename can cause EAGAIN.
  if (fd < 0) {
    const absl::Status status = PosixError(Concat("open ", shown), errno);
    if (errno == ELOOP || errno == EXDEV) {
      return absl::PermissionDeniedError(
          Concat(status.message(), " (the path leads through a link, or out of its ", "directory)"));
    }
    return status;
  }
  return UniqueFd(fd);
}

absl::StatusOr<std::string> ReadRegular(const UniqueFd& fd, const std::string& shown, size_t limit) {
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError(Concat("look at ", shown), errno);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(Concat(shown, " is not a regular file"));
  std::string content;
  size_t size = 0;
  while (size <= limit) {
    content.resize(size + (size_t{64} << 10));
    const ssize_t got = read(fd.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return PosixError(Concat("read ", shown), errno);
    size += static_cast<size_t>(got);
    if (got == 0) break;
  }
  if (size > limit) {
    return absl::InvalidArgumentError(Concat(shown, " is larger than ", limit, " bytes, the most that is read"));
  }
  content.resize(size);
  return content;
}

absl::Status CheckTarget(const UniqueFd& folder, const std::string& name, const std::string& shown) {
  struct stat info;
  if (fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return PosixError(Concat("look at ", shown), errno);
  }
  if (!S_ISREG(info.st_mode)) {
    return absl::PermissionDeniedError(Concat("write ", shown, ": something that is not a regular file is there"));
  }
  if (info.st_uid != geteuid()) {
    return absl::PermissionDeniedError(
        Concat("write ", shown, ": the file that is there belongs to another user (", info.st_uid, ")"));
  }
  return absl::OkStatus();
}

absl::Status WriteNew(const UniqueFd& folder, const std::string& name, const std::string& shown,
                      std::string_view content, unsigned mode) {
  UniqueFd file(openat(folder.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file.valid()) return PosixError(Concat("create a file beside ", shown), errno);
  absl::Cleanup remove = [&] { unlinkat(folder.get(), name.c_str(), 0); };
  SYSCARVE_RETURN_IF_ERROR(WriteAll(file.get(), content, shown));
  if (fchmod(file.get(), mode) != 0) return PosixError(Concat("set the mode of ", shown), errno);
  if (fsync(file.get()) != 0) return PosixError(Concat("flush ", shown), errno);
  if (close(file.release()) != 0) return PosixError(Concat("close ", shown), errno);
  std::move(remove).Cancel();
  return absl::OkStatus();
}

absl::StatusOr<std::string> TemporaryName() {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) return PosixError("read random bytes", errno);
  char hex[16];
  return Concat(".syscarve-", std::string_view(hex, std::to_chars(hex, hex + sizeof hex, random, 16).ptr), ".tmp");
}

}  // namespace

absl::StatusOr<UniqueFd> OpenConfinedFile(const std::string& directory, const std::string& below) {
  const std::string shown = EscapeForTerminal(Concat(directory, "/", below));
  SYSCARVE_ASSIGN_OR_RETURN(const UniqueFd root, OpenTrustedDirectory(directory));
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd fd, OpenBeneath(root, below, O_RDONLY | O_NOCTTY | O_NONBLOCK, shown));
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError(Concat("look at ", shown), errno);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError(Concat(shown, " is not a regular file"));
  return fd;
}

absl::StatusOr<std::string> ReadConfinedFile(const std::string& directory, const std::string& below, size_t limit) {
  SYSCARVE_ASSIGN_OR_RETURN(const UniqueFd fd, OpenConfinedFile(directory, below));
  return ReadRegular(fd, EscapeForTerminal(Concat(directory, "/", below)), limit);
}

absl::StatusOr<ConfinedOutput> ConfinedOutput::Open(const std::string& directory, const std::string& below) {
  const std::string shown = EscapeForTerminal(Concat(directory, "/", below));
  SYSCARVE_ASSIGN_OR_RETURN(UniqueFd folder, OpenTrustedDirectory(directory));
  const size_t slash = below.rfind('/');
  const std::string name = slash == std::string::npos ? below : below.substr(slash + 1);
  if (name.empty() || name == "." || name == "..") {
    return absl::InvalidArgumentError(Concat(shown, " does not name a file"));
  }
  if (slash != std::string::npos) {
    const std::string parent = below.substr(0, slash);
    SYSCARVE_ASSIGN_OR_RETURN(
        folder, OpenBeneath(folder, parent, O_PATH | O_DIRECTORY, EscapeForTerminal(Concat(directory, "/", parent))));
  }
  ConfinedOutput output(std::move(folder), name, shown);
  SYSCARVE_RETURN_IF_ERROR(CheckTarget(output.folder_, name, shown));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string probe, TemporaryName());
  SYSCARVE_RETURN_IF_ERROR(WriteNew(output.folder_, probe, shown, "", 0600));
  unlinkat(output.folder_.get(), probe.c_str(), 0);
  return output;
}

absl::Status ConfinedOutput::Write(std::string_view content, unsigned mode) const {
  SYSCARVE_RETURN_IF_ERROR(CheckTarget(folder_, name_, shown_));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string temporary, TemporaryName());
  SYSCARVE_RETURN_IF_ERROR(WriteNew(folder_, temporary, shown_, content, mode));
  // A rename follows no link: a link created since the check is replaced, never written through.
  if (renameat(folder_.get(), temporary.c_str(), folder_.get(), name_.c_str()) != 0) {
    const int error = errno;
    unlinkat(folder_.get(), temporary.c_str(), 0);
    return PosixError(Concat("rename the finished file to ", shown_), error);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadTrustedFile(const std::string& path, unsigned owner, size_t limit) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd.valid()) return PosixError(Concat("open ", EscapeForTerminal(path)), errno);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError(Concat("look at ", EscapeForTerminal(path)), errno);
  if ((info.st_uid != 0 && info.st_uid != owner) || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return WithHint(
        absl::PermissionDeniedError(Concat(EscapeForTerminal(path),
                                           " is not trusted: it must belong to root, and nobody else may write to it")),
        Concat("chown root:root ", EscapeForTerminal(path), " && chmod 644 ", EscapeForTerminal(path)));
  }
  return ReadRegular(fd, EscapeForTerminal(path), limit);
}

}  // namespace syscarve
