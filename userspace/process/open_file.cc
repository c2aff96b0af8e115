// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/open_file.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/task_facts.h"

namespace syscarve {
namespace {

constexpr size_t kMaxMounts = size_t{4} << 20;

// The family is read from the socket itself; a thread with its own descriptor table has another file at that number.
std::optional<unsigned> FamilyOf(pid_t task, unsigned descriptor, const struct statx& wanted) {
  const std::optional<SignalState> state = ReadSignalState(task);
  if (!state.has_value()) return std::nullopt;
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, state->process, 0)));
  if (!process.valid()) return std::nullopt;
  const UniqueFd copy(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), descriptor, 0)));
  struct stat info = {};
  int family = 0;
  socklen_t size = sizeof(family);
  if (!copy.valid() || fstat(copy.get(), &info) != 0 || info.st_ino != wanted.stx_ino ||
      getsockopt(copy.get(), SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 || family < 0) {
    return std::nullopt;
  }
  return static_cast<unsigned>(family);
}

}  // namespace

std::string FileSystemOfMount(std::string_view mounts, uint64_t id) {
  for (const std::string_view line : SplitNonEmpty(mounts, '\n')) {
    const std::vector<std::string_view> words = SplitNonEmpty(line, ' ');
    if (words.empty() || ParseNumber<uint64_t>(words.front()) != id) continue;
    // After some optional fields.
    for (size_t i = 6; i + 1 < words.size(); ++i) {
      if (words[i] == "-") return std::string(words[i + 1].substr(0, words[i + 1].find('.')));
    }
  }
  return "";
}

std::optional<OpenFile> ReadOpenFile(pid_t task, unsigned descriptor) {
  if (task <= 0) return std::nullopt;
  const std::string folder = Concat("/proc/", task);
  const std::string path = Concat(folder, "/fd/", descriptor);
  std::array<char, PATH_MAX> target;
  const ssize_t length = readlink(path.c_str(), target.data(), target.size());
  if (length < 0) {
    // The folder exists but not the link: the descriptor is not open.
    if (errno == ENOENT && access(Concat(folder, "/fd").c_str(), F_OK) == 0) return OpenFile();
    return std::nullopt;
  }
  struct statx info = {};
  if (statx(AT_FDCWD, path.c_str(), AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO | STATX_MNT_ID, &info) != 0) {
    return std::nullopt;
  }
  OpenFile file{.open = true, .mode = info.stx_mode, .major = info.stx_rdev_major, .minor = info.stx_rdev_minor};
  if (S_ISSOCK(info.stx_mode)) {
    file.family = FamilyOf(task, descriptor, info);
    return file;
  }
  // A path would begin with a slash.
  constexpr std::string_view kAnonymous = "anon_inode:";
  const std::string_view link(target.data(), static_cast<size_t>(length));
  if (link.starts_with(kAnonymous)) {
    file.anonymous = link.substr(kAnonymous.size());
    return file;
  }
  const bool has_file_system = !S_ISCHR(info.stx_mode) && !S_ISBLK(info.stx_mode) && !S_ISFIFO(info.stx_mode);
  if (has_file_system && (info.stx_mask & STATX_MNT_ID) != 0) {
    const absl::StatusOr<std::string> mounts = ReadFile(Concat(folder, "/mountinfo"), kMaxMounts);
    if (mounts.ok()) file.file_system = FileSystemOfMount(*mounts, info.stx_mnt_id);
  }
  return file;
}

}  // namespace syscarve
