// SPDX-License-Identifier: Apache-2.0
// Which directories of a container have to be writable when its root is read only.
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

// More would be no list that anybody looks at.
inline constexpr size_t kMostWritable = 24;

// All texts but the classes are an adversary's bytes.
struct WrittenPath {
  WritableDirectory directory;
  std::string of_class;            // PathClass::name
  std::set<std::string> examples;  // Paths that were changed there.
  std::set<std::string> writers;   // The effective ids of the programs that did: "33:33".
  // Directories for which it has to be this one and none below it: the service makes each with an owner or a mode of its
  // own, which a mount there would not have.
  std::set<std::string> made_below;
};
struct WrittenPaths {
  std::map<std::string, WrittenPath> writable;  // By what is to be mounted over.
  // What was changed where nothing can be mounted, by path, with a sentence.
  std::map<std::string, std::string> refused;
};

// What was changed on the root's file system alone counts: what is mounted over it already stays writable. A directory
// that the image brings has to be there, so what is mounted is that directory and none above it. With `user` ("33:33")
// the service is to run as that in place of the users that it had. With `all_mounts`, of a service without a container,
// whose file systems are all the host's, these count, too.
WrittenPaths FindWrittenPaths(const HardeningEvidence& evidence, const DirectoryRules& rules,
                              const std::optional<std::string>& user = std::nullopt, bool all_mounts = false);

}  // namespace syscarve
