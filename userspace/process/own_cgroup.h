// SPDX-License-Identifier: Apache-2.0
// A separate cgroup for a process, such as a hook's, that has to outlive the one that started it.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "userspace/base/status.h"
#include "userspace/process/cgroup.h"

namespace syscarve {

// This process in a cgroup v2 of its own, at the top of the mount, and in the root of every v1 hierarchy: its resources
// are charged to no other cgroup, no container's limit applies to it, and it does not end with the cgroup that it was
// started in.
class OwnCgroup {
 public:
  // Moves this process and all its threads. On an error it may have been moved in part.
  static absl::StatusOr<OwnCgroup> Enter();

  OwnCgroup(OwnCgroup&&) = default;
  OwnCgroup& operator=(OwnCgroup&&) = delete;
  // Moves the process back to the root, so that the cgroup can be removed.
  ~OwnCgroup();

 private:
  OwnCgroup(std::string mount, CgroupLeaf leaf)
      : mount_(std::move(mount)), leaf_(std::make_unique<CgroupLeaf>(std::move(leaf))) {}

  std::string mount_;
  std::unique_ptr<CgroupLeaf> leaf_;
};

}  // namespace syscarve
