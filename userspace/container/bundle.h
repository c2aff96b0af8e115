// SPDX-License-Identifier: Apache-2.0
// The configuration of a container (runtime-spec, config.md) in which one program runs and ends, in the form that
// container engines use: a runtime makes the same calls under its filter as for an engine's container.
#pragma once

#include <cstdint>
#include <string>

namespace syscarve {

struct BundleOptions {
  std::string program;      // Path inside the container.
  std::string cgroup_path;  // Below each cgroup mount.
  bool no_new_privs = false;
  uint32_t uid = 0;  // Root keeps the capabilities that Docker leaves a container; other users have none.
  uint32_t gid = 0;
  // The limit on open files, which some runtimes set late. At most that of this process.
  uint64_t open_files = 1024;
};

// Returns config.json. Its filter is a real one, which refuses a single call that no program makes and allows all
// others: so a runtime loads a filter, but none of its calls is refused.
std::string FormatBundleConfig(const BundleOptions& options);

}  // namespace syscarve
