// SPDX-License-Identifier: Apache-2.0
// A cgroup for a process of ours that somebody else started and that has to outlive them.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "userspace/base/status.h"
#include "userspace/process/cgroup.h"

namespace syscarve {

// This process in a cgroup v2 of its own, at the top of what is mounted, and in the root of every v1 hierarchy: what it
// uses is charged to nobody else, no limit of a container's is its limit, and it is not ended with where it came from.
class OwnCgroup {
 public:
  // Moves this process and all its threads. On an error it may have been moved in part.
  static absl::StatusOr<OwnCgroup> Enter();

  OwnCgroup(OwnCgroup&&) = default;
  OwnCgroup& operator=(OwnCgroup&&) = delete;
  // Back to the root, so that the cgroup can be removed.
  ~OwnCgroup();

 private:
  OwnCgroup(std::string mount, CgroupLeaf leaf)
      : mount_(std::move(mount)), leaf_(std::make_unique<CgroupLeaf>(std::move(leaf))) {}

  std::string mount_;
  std::unique_ptr<CgroupLeaf> leaf_;
};

}  // namespace syscarve
