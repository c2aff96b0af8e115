// SPDX-License-Identifier: Apache-2.0
// A view of the host for one process tree, in which /sys/fs/cgroup is cgroup v2 and nothing else.
#pragma once

#include "userspace/base/status.h"

namespace syscarve {

// Puts this process, which must be single-threaded, in a mount namespace of its own, where /sys/fs/cgroup is the
// unified hierarchy: some runtimes refuse a host that has v1 hierarchies beside it. The host's mounts stay as they are.
absl::Status EnterUnifiedCgroupView();

}  // namespace syscarve
