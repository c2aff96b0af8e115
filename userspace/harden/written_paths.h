// SPDX-License-Identifier: Apache-2.0
// The directories of a container that have to be writable when its root is read-only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/model/container_line.h"
#include "userspace/model/hardening.h"
#include "userspace/shipped/hardening_rules.h"

namespace syscarve {

// A longer list would not be reviewed.
inline constexpr size_t kMostWritable = 24;

// All texts except the classes are untrusted.
struct WrittenPath {
  WritableDirectory directory;
  std::string of_class;            // PathClass::name
  std::set<std::string> examples;  // Paths that were written there.
  std::set<std::string> writers;   // The effective ids of the programs that wrote: "33:33".
  // Directories because of which this directory, and none below it, must be mounted: the service creates them with an
  // owner or a mode of its own, which a mount would not have.
  std::set<std::string> made_below;
};
struct WrittenPaths {
  std::map<std::string, WrittenPath> writable;  // By the path to mount over.
  // Writes to places where nothing can be mounted: path -> a sentence.
  std::map<std::string, std::string> refused;
};

// Finds the directories for writes to the root file system; file systems mounted over it stay writable anyway. A
// directory of the image must exist for a mount, so the mount is on that directory and not on one above it. With `user`
// ("33:33") the service will run as that user instead of its recorded ones. With `all_mounts`, for a service without a
// container, all file systems are the host's, and writes to any of them count.
WrittenPaths FindWrittenPaths(const HardeningEvidence& evidence, const DirectoryRules& rules,
                              const std::optional<std::string>& user = std::nullopt, bool all_mounts = false);

}  // namespace syscarve
