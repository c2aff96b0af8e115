// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/unified_cgroups.h"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <string>

#include "userspace/base/concat.h"

namespace syscarve {

absl::Status EnterUnifiedCgroupView() {
  const std::string place = "/sys/fs/cgroup";
  if (unshare(CLONE_NEWNS) != 0) return PosixError("make a mount namespace", errno);
  // Mounts from here on must not propagate to the host.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return PosixError("make / private", errno);
  // All mounts there, with those below them.
  while (umount2(place.c_str(), MNT_DETACH) == 0) {
  }
  if (errno != EINVAL) return PosixError(Concat("unmount ", place), errno);
  if (mount("none", place.c_str(), "cgroup2", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0) {
    return PosixError(Concat("mount cgroup v2 at ", place), errno);
  }
  return absl::OkStatus();
}

}  // namespace syscarve
