// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/seen_arguments.h"

namespace syscarve {

void JoinArguments(const std::optional<SeenArguments>& more, std::optional<SeenArguments>& kept) {
  if (!more.has_value() && !kept.has_value()) return;
  if (!more.has_value() || !kept.has_value() || more->indexes != kept->indexes ||
      more->pointed_to != kept->pointed_to) {
    if (!kept.has_value() || (more.has_value() && *more < *kept)) kept = more;
    kept->open = true;
    return;
  }
  kept->open |= more->open;
  for (const auto& [values, programs] : more->values) kept->values[values].insert(programs.begin(), programs.end());
}

}  // namespace syscarve
