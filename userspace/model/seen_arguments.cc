// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/seen_arguments.h"

#include <utility>

namespace syscarve {

void JoinArguments(const std::optional<SeenArguments>& more, bool first, std::optional<SeenArguments>& kept) {
  if (first) {
    kept = more;
    return;
  }
  if (!more.has_value() && !kept.has_value()) return;
  if (!more.has_value() || !kept.has_value() || more->indexes != kept->indexes ||
      more->pointed_to != kept->pointed_to) {
    if (!kept.has_value() || (more.has_value() && *more < *kept)) kept = more;
    kept->open = true;
    kept->dirty = true;
    return;
  }
  kept->open |= more->open;
  kept->dirty |= more->dirty;
  for (const auto& [values, programs] : more->values) kept->values[values].insert(programs.begin(), programs.end());
}

SeenArguments Renumbered(SeenArguments seen, const std::vector<ProgramId>& places) {
  for (auto& [values, programs] : seen.values) {
    std::set<ProgramId> renumbered;
    for (const ProgramId program : programs) {
      if (program < places.size()) renumbered.insert(places[program]);
    }
    programs = std::move(renumbered);
  }
  return seen;
}

}  // namespace syscarve
