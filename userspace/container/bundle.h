// SPDX-License-Identifier: Apache-2.0
// The configuration of a container (runtime-spec, config.md) in which one program runs and ends, set up as container
// engines do it: what a runtime does for such a container under its filter, it does for an engine's.
#pragma once

#include <cstdint>
#include <string>

namespace syscarve {

struct BundleOptions {
  std::string program;      // Path inside the container.
  std::string cgroup_path;  // Below each cgroup mount.
  bool no_new_privs = false;
  uint32_t uid = 0;  // Of root, the capabilities that Docker leaves a container; of others, none.
  uint32_t gid = 0;
  // The limit on open files, which some runtimes set late. It must not be above our own.
  uint64_t open_files = 1024;
};

// config.json. Its filter is a real one, which refuses a single call that nobody makes and lets all others by: a
// runtime loads it, and is never refused what it asks for.
std::string FormatBundleConfig(const BundleOptions& options);

}  // namespace syscarve
