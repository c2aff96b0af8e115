// SPDX-License-Identifier: Apache-2.0
// The running containers, found by their cgroups.
#pragma once

#include <string>
#include <vector>

namespace syscarve {

// The cgroups (paths below `mount`, where cgroup v2 is mounted) that are containers by their name and have a task,
// sorted. Not atomic: the result may miss concurrent changes.
std::vector<std::string> FindRunningContainers(const std::string& mount);

}  // namespace syscarve
