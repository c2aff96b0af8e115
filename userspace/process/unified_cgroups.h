// SPDX-License-Identifier: Apache-2.0
// A view of the host for one process tree, in which /sys/fs/cgroup is cgroup v2 only.
#pragma once

#include "userspace/base/status.h"

namespace syscarve {

// Moves this process, which must be single-threaded, to a mount namespace of its own, where /sys/fs/cgroup is the
// unified hierarchy: some runtimes refuse a host that has v1 hierarchies, too. The host's mounts do not change.
absl::Status EnterUnifiedCgroupView();

}  // namespace syscarve
