// SPDX-License-Identifier: Apache-2.0
// What recorders that were killed have left on this host.
#pragma once

#include <string>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

// Makes the checkpoint at `path` (absolute) findable for FindLeftovers: a link to it in the runtime folder. Returns the
// link's path; whoever removes the checkpoint removes it, too.
absl::StatusOr<std::string> MarkCheckpoint(const std::string& path);

struct Leftover {
  enum class Kind { kCgroup, kMarkFolder, kCheckpoint } kind;
  std::string path;
  size_t processes = 0;  // In a cgroup, and running.
  std::string mark;      // Of a checkpoint: the link that tells of it.
};

// Cgroups below the cgroup v2 mount, and what is in the runtime folder (`runtime`) and belongs to us. Checkpoints that
// are not there any more do not count.
std::vector<Leftover> FindLeftovers(const std::string& runtime);

}  // namespace syscarve
