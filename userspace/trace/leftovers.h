// SPDX-License-Identifier: Apache-2.0
// Leftovers of killed recorders on this host.
#pragma once

#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// Makes the checkpoint at `path` (absolute) findable for FindLeftovers, by a link to it in the runtime folder. Returns
// the link's path; remove the link together with the checkpoint.
absl::StatusOr<std::string> MarkCheckpoint(const std::string& path);

struct Leftover {
  enum class Kind { kCgroup, kMarkFolder, kCheckpoint } kind;
  std::string path;
  size_t processes = 0;  // Running, in a cgroup.
  std::string mark;      // Of a checkpoint: the link to it.
};

// Leftover cgroups below the cgroup v2 mount, and the items in the runtime folder (`runtime`) that belong to this user.
// Skips checkpoints that no longer exist.
std::vector<Leftover> FindLeftovers(const std::string& runtime);

}  // namespace syscarve
