// SPDX-License-Identifier: Apache-2.0
// What directories are for (profiles/rules/directories.json) and how far limits are above peaks
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
  kTmpfs,   // Empty, and gone with the container.
  kVolume,  // Has what the image has there at first, and outlives the container.
  kNone,    // Nothing may be written there.
};

struct PathClass {
  std::string name;  // "state"
  PathMount mount = PathMount::kVolume;
  std::string size;  // Of a tmpfs, as mount(8) takes it: "64m".
  // Files there that are opened to write and not to read, as logs are, are made by who finds none.
  bool made_when_missing = false;
  std::string why;  // A sentence.
};

struct DirectoryRule {
  std::string path;  // Of a directory, absolute.
  std::string of_class;
  size_t below = 0;  // How many more parts of a path a mount there has: 1 for "/var/cache/nginx" of "/var/cache".
};

struct DirectoryRules {
  std::map<std::string, PathClass> classes;  // By name; "other" is one.
  std::vector<DirectoryRule> rules;          // The longest path that fits holds.
  std::map<std::string, std::string> links;  // Directories that are links in most images, to where they lead.
  std::set<std::string> shared;              // Directories that nothing can be mounted over, as too much is in them.
  std::set<std::string> same_everywhere;     // Directories that are root's, or open to all, in every image.
  std::set<std::string> apart;               // Mounts that every container has, with what is below them.
  std::set<std::string> set_by_engine;       // Files that the engine puts there.
  std::set<std::string> devices;             // That every container has, with what is below them.
  std::set<std::string> masked;              // That engines hide, with what is below them.
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
    std::map<std::string, LimitRule>;  // "memory", "cpus", "pids", "nofile", "nofile_hard"; all are there.

// Saturating.
uint64_t LimitFor(uint64_t peak, const LimitRule& rule);

absl::StatusOr<DirectoryRules> ParseDirectoryRules(std::string_view text);
absl::StatusOr<LimitRules> ParseLimitRules(std::string_view text);
// The embedded files, as in shipped_data.h.
absl::StatusOr<const DirectoryRules*> ShippedDirectoryRules();
absl::StatusOr<const LimitRules*> ShippedLimitRules();

}  // namespace syscarve
