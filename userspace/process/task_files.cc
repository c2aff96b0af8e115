// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/task_files.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/paths.h"
#include "userspace/base/text.h"
#include "userspace/base/unique_fd.h"
#include "userspace/process/cgroup.h"
#include "userspace/process/open_file.h"
#include "userspace/process/task_status.h"

namespace syscarve {
namespace {

constexpr size_t kMaxTaskText = size_t{4} << 20;
// A concurrent rename or mount makes the kernel refuse ".." now and then.
constexpr int kMostTries = 4;
constexpr std::string_view kRemovedMark = " (deleted)";

std::optional<std::string> TargetOf(int directory, const char* path) {
  std::array<char, PATH_MAX + 1> target;
  const ssize_t length = readlinkat(directory, path, target.data(), target.size());
  if (length < 0) return std::nullopt;
  return std::string(target.data(), static_cast<size_t>(length));
}

// The path of a directory, from the target of this link.
std::optional<std::string> DirectoryFrom(const std::string& link) {
  std::optional<std::string> target = TargetOf(AT_FDCWD, link.c_str());
  if (!target.has_value() || !target->starts_with('/')) return std::nullopt;
  struct stat info = {};
  if (target->ends_with(kRemovedMark) && stat(link.c_str(), &info) == 0 && info.st_nlink == 0) {
    target->resize(target->size() - kRemovedMark.size());
  }
  return target;
}

FoundFile FromError(int error) {
  const bool absent = error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
  return {.presence = absent ? Presence::kNotThere : Presence::kNotKnown, .file = {}};
}

// Removes `prefix` from `name` if it consists of whole components of it.
bool TakePrefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix)) return false;
  std::string_view rest = name.substr(prefix.size());
  if (!rest.empty() && rest.front() != '/') return false;
  while (rest.starts_with('/')) rest.remove_prefix(1);
  name = rest;
  return true;
}

}  // namespace

TaskFiles::TaskFiles(pid_t task) : task_(task), folder_(Concat("/proc/", task)) {}

std::optional<std::string> TaskFiles::Root() const {
  return DirectoryFrom(Link("/root"));
}

std::optional<std::string> TaskFiles::Base(int directory) const {
  return DirectoryFrom(directory == AT_FDCWD ? Link("/cwd") : Link(Concat("/fd/", directory)));
}

FoundFile TaskFiles::Describe(int file) const {
  struct statx info = {};
  if (statx(file, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC,
            STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_MNT_ID, &info) != 0) {
    return {};
  }
  FoundFile found = {.presence = Presence::kThere,
                     .file = {.path = "",
                              .mode = info.stx_mode,
                              .major = info.stx_rdev_major,
                              .minor = info.stx_rdev_minor,
                              .removed = info.stx_nlink == 0,
                              .mount = (info.stx_mask & STATX_MNT_ID) != 0 ? info.stx_mnt_id : 0,
                              .target = ""}};
  if (S_ISLNK(info.stx_mode)) found.file.target = TargetOf(file, "").value_or("");
  std::string path = TargetOf(AT_FDCWD, Concat("/proc/self/fd/", file).c_str()).value_or("");
  if (info.stx_nlink == 0) {
    // A file of memfd_create(2): it is on the kernel's own mount, which has no path.
    if (path.starts_with("/memfd:")) return found;
    if (path.ends_with(kRemovedMark)) path.resize(path.size() - kRemovedMark.size());
  }
  if (!path.starts_with('/')) return found;
  // /proc/self led to this process where it would have led the task to itself.
  if (std::string_view rest = path; TakePrefix(rest, Concat("/proc/", getpid()))) {
    path = Concat("/proc/", Process(), rest.empty() ? "" : "/", rest);
  }
  found.file.path = std::move(path);
  return found;
}

FoundFile TaskFiles::FindFrom(const std::string& base, const std::string& name, uint64_t resolve, bool follow) const {
  const UniqueFd directory(open(base.c_str(), O_PATH | O_CLOEXEC));
  if (!directory.valid()) return FromError(errno);
  struct open_how how = {};
  how.flags = static_cast<uint64_t>(O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
  how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
  for (int i = 0; i < kMostTries; ++i) {
    const UniqueFd file(static_cast<int>(syscall(SYS_openat2, directory.get(), name.c_str(), &how, sizeof(how))));
    if (file.valid()) return Describe(file.get());
    if (errno != EAGAIN) break;
  }
  return FromError(errno);
}

FoundFile TaskFiles::Find(int directory, const std::string& name, bool follow) const {
  const std::string root = Link("/root");
  if (name.starts_with('/')) {
    const bool may_be_own = name.starts_with("/proc/") || name.starts_with("/dev/");
    const std::optional<OwnName> own = may_be_own ? OwnNameOf(name, Process(), task_) : std::nullopt;
    if (!own.has_value()) return FindFrom(root, name, RESOLVE_IN_ROOT, follow);
    if (own->descriptor < 0) return FindFrom(root, own->rest, RESOLVE_IN_ROOT, follow);
    if (own->rest.empty()) return OfDescriptor(own->descriptor);
    return Find(own->descriptor, own->rest, follow);
  }
  const std::string base = directory == AT_FDCWD ? Link("/cwd") : Link(Concat("/fd/", directory));
  FoundFile below = FindFrom(base, name, RESOLVE_BENEATH, follow);
  if (below.presence != Presence::kNotKnown) return below;
  // For names with "..", or an absolute link.
  const std::optional<std::string> from = Base(directory);
  const std::optional<std::string> top = Root();
  if (!from.has_value() || !top.has_value() || !IsWithin(*from, *top)) return below;
  const std::string inside = *top == "/" ? *from : from->substr(top->size());
  return FindFrom(root, Concat(inside, "/", name), RESOLVE_IN_ROOT, follow);
}

FoundFile TaskFiles::OfDescriptor(int descriptor) const {
  if (descriptor < 0) return {.presence = Presence::kNotThere, .file = {}};
  const UniqueFd file(open(Link(Concat("/fd/", descriptor)).c_str(), O_PATH | O_CLOEXEC));
  return file.valid() ? Describe(file.get()) : FromError(errno);
}

FoundFile TaskFiles::Executable() const {
  const UniqueFd file(open(Link("/exe").c_str(), O_PATH | O_CLOEXEC));
  return file.valid() ? Describe(file.get()) : FromError(errno);
}

std::vector<std::string> TaskFiles::ExecutableMappings() const {
  const absl::StatusOr<std::string> text = ReadFile(Link("/maps"), kMaxTaskText);
  return text.ok() ? ExecutableFilesIn(*text) : std::vector<std::string>();
}

int TaskFiles::SocketType(int descriptor) const {
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, Process(), 0)));
  if (!process.valid() || descriptor < 0) return 0;
  const UniqueFd copy(static_cast<int>(syscall(SYS_pidfd_getfd, process.get(), descriptor, 0)));
  int type = 0;
  socklen_t size = sizeof(type);
  if (!copy.valid() || getsockopt(copy.get(), SOL_SOCKET, SO_TYPE, &type, &size) != 0) return 0;
  return type;
}

std::optional<MountPlace> TaskFiles::PlaceOf(uint64_t mount) const {
  const absl::StatusOr<std::string> text = ReadFile(Link("/mountinfo"), kMaxTaskText);
  if (!text.ok()) return std::nullopt;
  return PlaceOfMount(*text, mount, Root().value_or("/"));
}

std::optional<ProcessIds> TaskFiles::Ids() const {
  const std::optional<TaskStatus> status = TaskStatus::Of(task_);
  if (!status.has_value()) return std::nullopt;
  const std::vector<std::string_view> users = status->Words("Uid");
  const std::vector<std::string_view> groups = status->Words("Gid");
  if (users.size() < 2 || groups.size() < 2) return std::nullopt;
  std::string user_map;
  std::string group_map;
  // The status has the ids as seen in the reader's user namespace.
  if (TargetOf(AT_FDCWD, Link("/ns/user").c_str()) != TargetOf(AT_FDCWD, "/proc/self/ns/user")) {
    const absl::StatusOr<std::string> of_users = ReadFile(Link("/uid_map"), kMaxTaskText);
    const absl::StatusOr<std::string> of_groups = ReadFile(Link("/gid_map"), kMaxTaskText);
    if (!of_users.ok() || !of_groups.ok()) return std::nullopt;
    user_map = *of_users;
    group_map = *of_groups;
  }
  const auto id = [](const std::string& map, std::string_view word) {
    return IdInNamespace(map, ParseNumber<uint32_t>(word).value_or(0));
  };
  return ProcessIds{.user = id(user_map, users[0]),
                    .effective_user = id(user_map, users[1]),
                    .group = id(group_map, groups[0]),
                    .effective_group = id(group_map, groups[1])};
}

pid_t TaskFiles::Process() const {
  const std::optional<TaskStatus> status = TaskStatus::Of(task_);
  return status.has_value() ? static_cast<pid_t>(status->Number("Tgid").value_or(0)) : 0;
}

std::optional<OwnName> OwnNameOf(std::string_view name, pid_t process, pid_t task) {
  constexpr std::string_view kStandard[] = {"/dev/stdin", "/dev/stdout", "/dev/stderr"};
  for (int i = 0; i < 3; ++i) {
    if (name == kStandard[i]) return OwnName{.descriptor = i, .rest = ""};
  }
  std::string folder = Concat("/proc/", process);
  std::string inside;
  if (TakePrefix(name, "/dev/fd")) {
    inside = Concat("fd/", name);
  } else if (TakePrefix(name, "/proc/self") || TakePrefix(name, folder)) {
    inside = name;
  } else if (TakePrefix(name, "/proc/thread-self")) {
    folder += Concat("/task/", task);
    inside = name;
  } else {
    return std::nullopt;
  }
  std::string_view rest = inside;
  if (TakePrefix(rest, "fd")) {
    const std::string_view number = rest.substr(0, rest.find('/'));
    const std::optional<int> descriptor = ParseNumber<int>(number);
    if (descriptor.has_value() && *descriptor >= 0 && TakePrefix(rest, number)) {
      return OwnName{.descriptor = *descriptor, .rest = std::string(rest)};
    }
  }
  return OwnName{.descriptor = -1, .rest = Concat(folder, inside.empty() ? "" : "/", inside)};
}

std::vector<std::string> ExecutableFilesIn(std::string_view text) {
  std::vector<std::string> paths;
  for (const std::string_view line : SplitNonEmpty(text, '\n')) {
    // "7f1c… r-xp 00001000 fe:01 1234      /usr/lib/x.so": the path may contain blanks.
    const std::vector<std::string_view> words = SplitAtBlanks(line);
    if (words.size() < 6 || words[1].find('x') == std::string_view::npos || !words[5].starts_with('/')) continue;
    std::string_view path = line.substr(static_cast<size_t>(words[5].data() - line.data()));
    ConsumeSuffix(path, kRemovedMark);
    if (std::ranges::find(paths, path) == paths.end()) paths.emplace_back(path);
  }
  return paths;
}

std::optional<MountPlace> PlaceOfMount(std::string_view mounts, uint64_t id, std::string_view root) {
  for (const std::string_view line : SplitNonEmpty(mounts, '\n')) {
    const std::vector<std::string_view> words = SplitNonEmpty(line, ' ');
    if (words.size() < 5 || ParseNumber<uint64_t>(words.front()) != id) continue;
    std::string path = DecodeOctalEscapes(words[4]);
    if (root != "/") path = path == "/" ? std::string(root) : Concat(root, path);
    return MountPlace{.path = std::move(path), .filesystem = FileSystemOfMount(line, id)};
  }
  return std::nullopt;
}

uint32_t IdInNamespace(std::string_view map, uint32_t id) {
  for (const std::string_view line : SplitNonEmpty(map, '\n')) {
    const std::vector<std::string_view> words = SplitAtBlanks(line);
    if (words.size() != 3) continue;
    const std::optional<uint32_t> first = ParseNumber<uint32_t>(words[0]);
    const std::optional<uint32_t> outside = ParseNumber<uint32_t>(words[1]);
    const std::optional<uint32_t> count = ParseNumber<uint32_t>(words[2]);
    if (!first.has_value() || !outside.has_value() || !count.has_value()) continue;
    if (id >= *outside && id - *outside < *count) return *first + (id - *outside);
  }
  return id;
}

}  // namespace syscarve
