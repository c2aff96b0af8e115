// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/cgroup_scan.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "userspace/base/file.h"
#include "userspace/container/cgroup_name.h"

namespace syscarve {
namespace {

bool IsPopulated(const std::string& directory) {
  const auto events = ReadFile(directory + "/cgroup.events", 4096);
  return events.ok() && events->find("populated 1") != std::string::npos;
}

void Scan(const std::string& mount, const std::string& cgroup, std::vector<std::string>& found) {
  std::error_code error;
  for (std::filesystem::directory_iterator it(mount + cgroup, error), end; !error && it != end; it.increment(error)) {
    if (it->is_symlink(error) || !it->is_directory(error)) continue;
    const std::string child = cgroup + "/" + it->path().filename().string();
    if (!IsPopulated(mount + child)) continue;
    if (ParseContainerCgroup(child)) {
      found.push_back(child);
    } else {
      Scan(mount, child, found);
    }
  }
}

}  // namespace

std::vector<std::string> FindRunningContainers(const std::string& mount) {
  std::vector<std::string> found;
  Scan(mount, "", found);
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace syscarve
