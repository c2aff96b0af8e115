// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/own_cgroup.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "userspace/base/concat.h"
#include "userspace/base/file.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

constexpr size_t kMaxMountInfo = size_t{16} << 20;

absl::Status MoveTo(const std::string& directory) {
  const std::string path = Concat(directory, "/cgroup.procs");
  const UniqueFd procs(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!procs.valid()) return PosixError(Concat("open ", path), errno);
  // "0" is the writing process.
  return WriteAll(procs.get(), "0", path);
}

}  // namespace

absl::StatusOr<OwnCgroup> OwnCgroup::Enter() {
  SYSCARVE_ASSIGN_OR_RETURN(const std::string mounts, ReadFile("/proc/self/mountinfo", kMaxMountInfo));
  for (const std::string& mount : ParseCgroup1Mounts(mounts)) SYSCARVE_RETURN_IF_ERROR(MoveTo(mount));
  SYSCARVE_ASSIGN_OR_RETURN(const std::string mount, FindCgroup2Mount());
  SYSCARVE_RETURN_IF_ERROR(MoveTo(mount));
  // The leaf is created below the current cgroup.
  SYSCARVE_ASSIGN_OR_RETURN(CgroupLeaf leaf, CgroupLeaf::Create());
  SYSCARVE_RETURN_IF_ERROR(leaf.Add(getpid()));
  return OwnCgroup(mount, std::move(leaf));
}

OwnCgroup::~OwnCgroup() {
  if (leaf_ != nullptr) (void)MoveTo(mount_);
}

}  // namespace syscarve
