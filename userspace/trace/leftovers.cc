// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/leftovers.h"

#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>

#include "userspace/base/concat.h"
#include "userspace/base/fallback_folder.h"
#include "userspace/process/cgroup.h"
#include "userspace/process/stale_name.h"
#include "userspace/trace/mark_socket.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCheckpointPrefix = "syscarve-checkpoint.";

// Whether this user owns it; root accepts everyone's. In a runtime folder such as /tmp, others can create names.
bool IsOurs(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && (info.st_uid == geteuid() || geteuid() == 0);
}

std::optional<Leftover> InRuntimeFolder(const fs::path& path) {
  const std::string name = path.filename().string();
  if (IsOfTheDead(name, kMarkFolderPrefix)) {
    return Leftover{.kind = Leftover::Kind::kMarkFolder, .path = path.string()};
  }
  if (!IsOfTheDead(name, kCheckpointPrefix)) return std::nullopt;
  std::error_code error;
  const fs::path target = fs::read_symlink(path, error);
  if (error || !target.is_absolute() || !fs::is_regular_file(fs::symlink_status(target, error))) return std::nullopt;
  return Leftover{.kind = Leftover::Kind::kCheckpoint, .path = target.string(), .mark = path.string()};
}

void FindCgroups(const std::string& mount, std::vector<Leftover>& found) {
  std::error_code error;
  fs::recursive_directory_iterator it(mount, fs::directory_options::skip_permission_denied, error);
  for (const fs::recursive_directory_iterator end; !error && it != end; it.increment(error)) {
    std::error_code gone;
    if (!it->is_directory(gone) || !IsOfTheDead(it->path().filename().string(), kLeafPrefix)) continue;
    const std::string path = it->path().string();
    found.push_back({.kind = Leftover::Kind::kCgroup, .path = path, .processes = ProcessesInCgroup(path).size()});
    it.disable_recursion_pending();
  }
}

}  // namespace

absl::StatusOr<std::string> MarkCheckpoint(const std::string& path) {
  uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) return PosixError("read random bytes", errno);
  const std::string link = Concat(RuntimeFolders().front(), "/", kCheckpointPrefix, getpid(), ".", random);
  if (symlink(path.c_str(), link.c_str()) != 0) return PosixError(Concat("make the link ", link), errno);
  return link;
}

std::vector<Leftover> FindLeftovers(const std::string& runtime) {
  std::vector<Leftover> found;
  if (const auto mount = FindCgroup2Mount(); mount.ok()) FindCgroups(*mount, found);
  std::error_code error;
  for (fs::directory_iterator it(runtime, error), end; !error && it != end; it.increment(error)) {
    auto leftover = InRuntimeFolder(it->path());
    if (leftover && IsOurs(it->path().string())) found.push_back(*std::move(leftover));
  }
  std::ranges::sort(found, {}, &Leftover::path);
  return found;
}

}  // namespace syscarve
