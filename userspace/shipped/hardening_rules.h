// SPDX-License-Identifier: Apache-2.0
// The purposes of directories (profiles/rules/directories.json) and the distance of limits from peaks
// (profiles/rules/limits.json), for `harden`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

enum class PathMount {
  kTmpfs,   // Initially empty, and removed with the container.
  kVolume,  // Initially has the image's content, and outlives the container.
  kNone,    // Nothing may be written there.
};

struct PathClass {
  std::string name;  // "state"
  PathMount mount = PathMount::kVolume;
  std::string size;  // For a tmpfs, in the syntax of mount(8): "64m".
  // Files there that are opened for writing only, such as logs, are created by the program if missing.
  bool made_when_missing = false;
  std::string why;  // A sentence.
};

struct DirectoryRule {
  std::string path;  // An absolute path of a directory.
  std::string of_class;
  // The number of further path components of a mount there: 1 for "/var/cache/nginx" under "/var/cache".
  size_t below = 0;
};

struct DirectoryRules {
  std::map<std::string, PathClass> classes;  // By name; "other" is one.
  std::vector<DirectoryRule> rules;          // The rule with the longest matching path applies.
  std::map<std::string, std::string> links;  // Directories that are links in most images, with their targets.
  std::set<std::string> shared;  // Directories that nothing can be mounted over because of their other contents.
  std::set<std::string> same_everywhere;  // Directories that are owned by root or open to all users in every image.
  std::set<std::string> apart;            // Mounts that every container has; including all below.
  std::set<std::string> set_by_engine;    // Files that the engine puts there.
  std::set<std::string> devices;          // Devices that every container has; including all below.
  std::set<std::string> masked;           // Paths that engines hide; including all below.
  std::set<std::string> engine_sockets;
};

// Limit = peak * factor / 100, rounded up to a multiple of `step`, at least `least`.
struct LimitRule {
  uint64_t factor_percent = 100;
  uint64_t step = 1;
  uint64_t least = 0;
  std::string why;  // Sentences.
};
using LimitRules =
    std::map<std::string, LimitRule>;  // "memory", "cpus", "pids", "nofile", "nofile_hard"; all are present.

// Saturating.
uint64_t LimitFor(uint64_t peak, const LimitRule& rule);

absl::StatusOr<DirectoryRules> ParseDirectoryRules(std::string_view text);
absl::StatusOr<LimitRules> ParseLimitRules(std::string_view text);
// The embedded files, as in shipped_data.h.
absl::StatusOr<const DirectoryRules*> ShippedDirectoryRules();
absl::StatusOr<const LimitRules*> ShippedLimitRules();

}  // namespace syscarve
