// SPDX-License-Identifier: Apache-2.0
// cgroup v2: its mount point, the cgroup of a process, and a separate leaf for a recorded command.
//
// Sources: Documentation/admin-guide/cgroup-v2.rst, proc(5) for mountinfo. cgroup v2 may be mounted anywhere ("hybrid"
// hosts mount it at /sys/fs/cgroup/unified), so the mount point is looked up, never assumed.
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

// Decodes a field of a text like /proc/PID/mountinfo, in which blanks and backslashes are three octal digits.
std::string DecodeOctalEscapes(std::string_view text);

// The mount point of the first cgroup2 file system in a text like /proc/self/mountinfo, or nullopt.
std::optional<std::string> ParseCgroup2Mount(std::string_view mountinfo);

// The mount points of all cgroup v1 hierarchies in a text like /proc/self/mountinfo.
std::vector<std::string> ParseCgroup1Mounts(std::string_view mountinfo);

// Mount points where the files of controllers may be, the likeliest first. Empty if none is mounted.
struct ControllerMounts {
  std::vector<std::string> memory;
  std::vector<std::string> pids;
  std::vector<std::string> cpu;
};
ControllerMounts FindControllerMounts();

// The mount point of cgroup2 for this process; kFailedPrecondition with a hint if there is none.
absl::StatusOr<std::string> FindCgroup2Mount();

// The v2 path ("/a/b") in a text like /proc/PID/cgroup, or nullopt.
std::optional<std::string> ParseCgroup2Path(std::string_view proc_cgroup);

// The v2 path of a process, e.g. "/docker/<id>".
absl::StatusOr<std::string> CgroupOfProcess(pid_t pid);

// The v2 path of a container's process. kFailedPrecondition if it is in this process's own cgroup, or in one above it,
// and so is not separate: a recording of that cgroup would include its neighbours.
absl::StatusOr<std::string> CgroupSetApart(pid_t pid);

// The kernel's 64-bit id of the cgroup whose directory is `directory`, as returned by bpf_get_current_cgroup_id().
absl::StatusOr<uint64_t> CgroupId(const std::string& directory);

// The processes in the cgroup whose directory is `directory` and in those below it. Not atomic: the result may miss
// concurrent changes.
std::vector<pid_t> ProcessesInCgroup(const std::string& directory);

// The first process of the container whose cgroup has this directory: pid 1 of the outermost pid namespace that began
// in the cgroup. 0 if there is none, as in a container in the host's pid namespace, or if it is unknown.
pid_t FirstProcessOfContainer(const std::string& directory);

// Whether any task is in the cgroup, or below it, whose cgroup.events file is open as `events_fd`.
absl::StatusOr<bool> IsPopulated(int events_fd);

// Prefix of a leaf's name; the pid of its recorder follows.
inline constexpr std::string_view kLeafPrefix = "syscarve.";

// A new, empty cgroup that is removed with its owner. Its name has the recorder's pid: "syscarve.<pid>.<random>".
class CgroupLeaf {
 public:
  // Creates the leaf below the recorder's own cgroup, so that limits of the recorder apply to the command as well;
  // removes empty leaves that killed recorders have left there.
  static absl::StatusOr<CgroupLeaf> Create();
  // Takes ownership of the cgroup with this directory; `path` is its path below the mount.
  static absl::StatusOr<CgroupLeaf> At(std::string directory, std::string path);

  CgroupLeaf(CgroupLeaf&& other) noexcept;
  CgroupLeaf& operator=(CgroupLeaf&&) = delete;
  // Removes the leaf with the cgroups below it. A running task prevents that; Kill() first.
  ~CgroupLeaf();

  const std::string& directory() const { return directory_; }
  // The path below the cgroup2 mount.
  const std::string& path() const { return path_; }
  // Becomes ready for EPOLLPRI whenever Populated() may have changed.
  int events_fd() const { return events_.get(); }

  absl::Status Add(pid_t pid);
  absl::StatusOr<bool> Populated() const { return IsPopulated(events_.get()); }
  std::vector<pid_t> Processes() const { return ProcessesInCgroup(directory_); }
  // Removes the leaf now; afterwards the object owns none.
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
