// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/task_facts.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/process/task_status.h"

namespace syscarve {
namespace {

// The kernel's own encoding of a device number, which differs from stat's (linux/kdev_t.h, MKDEV).
uint64_t KernelDevice(dev_t device) {
  return (uint64_t{major(device)} << 20) | minor(device);
}

}  // namespace

const KnownProgram& ProgramLookup::OfTask(pid_t task) {
  if (!proc_is_ours_) return unknown_;
  char link[32];
  std::snprintf(link, sizeof(link), "/proc/%d/exe", task);
  return OfFile(link, /*follow_link=*/true);
}

const KnownProgram& ProgramLookup::OfFile(const char* path, bool follow_link) {
  struct stat info;
  if (stat(path, &info) != 0) return unknown_;
  // The change time distinguishes a file from a later one with the same inode number.
  const Key key{info.st_dev, info.st_ino, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  return known_.emplace(key, Describe(path, follow_link, info)).first->second;
}

KnownProgram ProgramLookup::Describe(const char* path, bool follow_link, const struct stat& info) const {
  std::string name = path;
  if (follow_link) {
    char target[4096];
    const ssize_t length = readlink(path, target, sizeof(target));
    name.assign(target, length > 0 ? static_cast<size_t>(length) : 0);
    // The kernel's mark for a file that no longer has a name.
    constexpr std::string_view kDeleted = " (deleted)";
    if (info.st_nlink == 0 && name.ends_with(kDeleted)) name.resize(name.size() - kDeleted.size());
  }
  const bool set_uid = (info.st_mode & S_ISUID) != 0 && info.st_uid != uid_;
  const bool set_gid = (info.st_mode & S_ISGID) != 0 && (info.st_mode & S_IXGRP) != 0 && info.st_gid != gid_;
  const bool capable = uid_ != 0 && getxattr(path, "security.capability", nullptr, 0) > 0;
  return {.program = {.path = std::move(name), .device = KernelDevice(info.st_dev), .inode = info.st_ino},
          .privileged = set_uid || set_gid || capable};
}

std::optional<SignalState> ReadSignalState(pid_t task) {
  const std::optional<TaskStatus> status = TaskStatus::Of(task);
  if (!status.has_value()) return std::nullopt;
  const auto has_sigsys = [&](std::string_view field) {
    return (status->Set(field).value_or(0) >> (SIGSYS - 1) & 1) != 0;
  };
  const std::vector<std::string_view> namespace_pids = status->Words("NSpid");
  return SignalState{.process = static_cast<pid_t>(status->Number("Tgid").value_or(0)),
                     .alone = status->Number("Threads") == 1,
                     .namespace_init = !namespace_pids.empty() && namespace_pids.back() == "1",
                     .blocked = has_sigsys("SigBlk"),
                     .handled = has_sigsys("SigCgt"),
                     .ignored = has_sigsys("SigIgn")};
}

}  // namespace syscarve
