// SPDX-License-Identifier: Apache-2.0
// cgroup v2: where it is mounted, which cgroup a process is in, and a leaf of our own for a recorded command.
//
// Sources: Documentation/admin-guide/cgroup-v2.rst, proc(5) for mountinfo. cgroup v2 may sit anywhere ("hybrid" hosts
// mount it at /sys/fs/cgroup/unified), so it is looked up, never assumed.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {

// A field of a text like /proc/PID/mountinfo, in which blanks and backslashes are three octal digits.
std::string DecodeOctalEscapes(std::string_view text);

// The mount point of the first cgroup2 file system in the text of /proc/self/mountinfo, or nullopt.
std::optional<std::string> ParseCgroup2Mount(std::string_view mountinfo);

// The mount points of all cgroup v1 hierarchies in the text of /proc/self/mountinfo.
std::vector<std::string> ParseCgroup1Mounts(std::string_view mountinfo);

// Where the files of controllers may be: mount points, the likeliest first. Empty where none is mounted.
struct ControllerMounts {
  std::vector<std::string> memory;
  std::vector<std::string> pids;
  std::vector<std::string> cpu;
};
ControllerMounts FindControllerMounts();

// The mount point of cgroup2 for this process; kFailedPrecondition with a hint when there is none.
absl::StatusOr<std::string> FindCgroup2Mount();

// The v2 path ("/a/b") in the text of /proc/PID/cgroup, or nullopt.
std::optional<std::string> ParseCgroup2Path(std::string_view proc_cgroup);

// The v2 path of a process, e.g. "/docker/<id>".
absl::StatusOr<std::string> CgroupOfProcess(pid_t pid);

// The v2 path of a container's process. kFailedPrecondition when it is in our own cgroup, or in one above it, and so is
// not set apart: to record its cgroup would be to record its neighbours.
absl::StatusOr<std::string> CgroupSetApart(pid_t pid);

// The kernel's 64-bit id of the cgroup whose directory is `directory`, as bpf_get_current_cgroup_id() gives it.
absl::StatusOr<uint64_t> CgroupId(const std::string& directory);

// The processes in the cgroup whose directory is `directory` and in those below it; a tree in motion gives what was
// seen.
std::vector<pid_t> ProcessesInCgroup(const std::string& directory);

// The process in the cgroup whose directory is `directory` with which its container began: the first one of a pid
// namespace that the others of the cgroup are in, too. 0 when there is none, as in a container in the host's pid
// namespace, or when it cannot be told.
pid_t FirstProcessOfContainer(const std::string& directory);

// Whether any task lives in the cgroup, or below it, whose cgroup.events file is open as `events_fd`.
absl::StatusOr<bool> IsPopulated(int events_fd);

// Of a leaf's name; the pid of its recorder follows.
inline constexpr std::string_view kLeafPrefix = "syscarve.";

// A fresh, empty cgroup that is removed with its owner. Its name says whose it is: "syscarve.<pid>.<random>".
class CgroupLeaf {
 public:
  // Makes the leaf below the recorder's own cgroup, so that limits set on the recorder hold for the command as well;
  // removes empty leaves that recorders which were killed have left there.
  static absl::StatusOr<CgroupLeaf> Create();
  // Owns the cgroup with this directory, whose path below the mount is `path`.
  static absl::StatusOr<CgroupLeaf> At(std::string directory, std::string path);

  CgroupLeaf(CgroupLeaf&& other) noexcept;
  CgroupLeaf& operator=(CgroupLeaf&&) = delete;
  // Removes the leaf with the cgroups that were made below it. What still runs in it keeps it alive; Kill() first.
  ~CgroupLeaf();

  const std::string& directory() const { return directory_; }
  // The path below the cgroup2 mount.
  const std::string& path() const { return path_; }
  // Becomes ready for EPOLLPRI whenever populated() may have changed.
  int events_fd() const { return events_.get(); }

  absl::Status Add(pid_t pid);
  absl::StatusOr<bool> Populated() const { return IsPopulated(events_.get()); }
  std::vector<pid_t> Processes() const { return ProcessesInCgroup(directory_); }
  // Removes the leaf now; there is none any more.
  void Remove();
  // Kills every task in the leaf and below; they may take a moment to die.
  absl::Status Kill();

 private:
  CgroupLeaf(std::string directory, std::string path, UniqueFd events)
      : directory_(std::move(directory)), path_(std::move(path)), events_(std::move(events)) {}

  std::string directory_;
  std::string path_;
  UniqueFd events_;
};

}  // namespace syscarve
