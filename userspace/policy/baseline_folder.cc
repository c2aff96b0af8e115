// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/unique_fd.h"
#include "userspace/policy/baseline_choice.h"

namespace syscarve {
namespace {

constexpr size_t kMaxFiles = 1024;

// Whether the group is the user's private group, which many distributions create for each user, together with a umask
// that makes everything writable by it: it has the user's name and no other members. False for root: files that root
// creates are not writable by a group.
bool IsPrivateGroup(uid_t uid, gid_t gid) {
  if (uid == 0) return false;
  std::array<char, 16384> user_text;
  std::array<char, 16384> group_text;
  passwd user = {};
  group own = {};
  passwd* found_user = nullptr;
  group* found_group = nullptr;
  if (getpwuid_r(uid, &user, user_text.data(), user_text.size(), &found_user) != 0 || found_user == nullptr)
    return false;
  if (getgrgid_r(gid, &own, group_text.data(), group_text.size(), &found_group) != 0 || found_group == nullptr) {
    return false;
  }
  const std::string_view name = user.pw_name;
  if (user.pw_gid != gid || name != own.gr_name) return false;
  for (char** member = own.gr_mem; *member != nullptr; ++member) {
    if (name != *member) return false;
  }
  return true;
}

// Why an object with this metadata must not be trusted, or "".
std::string WhyNotTrusted(const struct stat& info) {
  if (info.st_uid != 0 && info.st_uid != geteuid()) return Concat("it belongs to user ", info.st_uid);
  if ((info.st_mode & S_IWOTH) != 0) return "everybody may write it";
  if ((info.st_mode & S_IWGRP) != 0 && !IsPrivateGroup(info.st_uid, info.st_gid)) {
    return Concat("group ", info.st_gid, " may write it (chmod g-w)");
  }
  return "";
}

struct CloseFolder {
  void operator()(DIR* folder) const { closedir(folder); }
};

absl::StatusOr<std::vector<std::string>> JsonFilesOf(DIR* folder) {
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* const entry = readdir(folder);
    if (entry == nullptr && errno != 0) return PosixError("list it", errno);
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (!name.ends_with(".json") || name.starts_with('.')) continue;
    if (names.size() == kMaxFiles) {
      return absl::InvalidArgumentError(Concat("it holds more than ", kMaxFiles, " baselines"));
    }
    names.emplace_back(name);
  }
  std::ranges::sort(names);
  return names;
}

absl::StatusOr<Baseline> LoadTrusted(int folder, const std::string& name) {
  // O_NONBLOCK: the file may be a pipe.
  const UniqueFd file(openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!file.valid()) return PosixError("open", errno);
  struct stat info;
  if (fstat(file.get(), &info) != 0) return PosixError("look at it", errno);
  if (!S_ISREG(info.st_mode)) return absl::InvalidArgumentError("it is no regular file");
  if (const std::string why = WhyNotTrusted(info); !why.empty()) return absl::PermissionDeniedError(why);
  SYSCARVE_ASSIGN_OR_RETURN(const std::string text, ReadFile(Concat("/proc/self/fd/", file.get()), kMaxBaselineBytes));
  return ParseBaseline(text);
}

absl::Status LoadAll(const std::string& path, std::vector<Baseline>& baselines, std::vector<std::string>& warnings) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? absl::OkStatus() : PosixError("open it", errno);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return PosixError("look at it", errno);
  if (const std::string why = WhyNotTrusted(info); !why.empty()) return absl::PermissionDeniedError(why);
  const std::unique_ptr<DIR, CloseFolder> folder(fdopendir(fd.get()));
  if (folder == nullptr) return PosixError("list it", errno);
  const int folder_fd = fd.release();  // The DIR's from here on.
  SYSCARVE_ASSIGN_OR_RETURN(const std::vector<std::string> names, JsonFilesOf(folder.get()));
  for (const std::string& name : names) {
    absl::StatusOr<Baseline> baseline = LoadTrusted(folder_fd, name);
    if (baseline.ok()) {
      baselines.push_back(*std::move(baseline));
    } else {
      warnings.push_back(Concat("the baseline ", path, "/", name, " is not read: ", baseline.status().message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<Baseline> LoadBaselineFolder(const std::string& path, std::vector<std::string>& warnings) {
  std::vector<Baseline> baselines;
  if (const absl::Status status = LoadAll(path, baselines, warnings); !status.ok()) {
    warnings.push_back(Concat("the folder of baselines ", path, " is not read: ", status.message()));
  }
  return baselines;
}

}  // namespace syscarve
