// SPDX-License-Identifier: Apache-2.0
// Generalises an observed path to the paths that it stands for, by the rules of shipped/path_rules.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/confine/path_pattern.h"
#include "userspace/shipped/path_rules.h"

namespace syscarve {

struct GeneralisedPath {
  PathPattern pattern;
  const PathRule* rule = nullptr;  // Points into the given rules.
};

// The patterns that the matching rules make of a path with these uses, in the order of the rules, up to the first rule
// that requires no siblings. Each matches `path`. Empty if no rule matches.
std::vector<GeneralisedPath> Generalise(const PathRules& rules, std::string_view path, FileUses uses);

PathPattern PatternOf(const FixedPath& fixed);

}  // namespace syscarve
