// SPDX-License-Identifier: Apache-2.0
// From one path that was seen to the paths that it stands for, by the rules of shipped/path_rules.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "userspace/confine/path_pattern.h"
#include "userspace/shipped/path_rules.h"

namespace syscarve {

struct GeneralisedPath {
  PathPattern pattern;
  const PathRule* rule = nullptr;  // Of the rules that were given.
};

// What the rules that fit make of a path that was used in these ways, in their order: up to the first that needs no
// siblings. Each matches `path`. Empty where no rule fits.
std::vector<GeneralisedPath> Generalise(const PathRules& rules, std::string_view path, FileUses uses);

PathPattern PatternOf(const FixedPath& fixed);

}  // namespace syscarve
