// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/sighting.h"

#include <algorithm>
#include <utility>

#include "userspace/base/saturating.h"

namespace syscarve {

Sighting SightingOf(const Recording& recording, const Run& run, std::string_view subject, SyscallId id,
                    const Observation& seen) {
  Sighting sighting = {
      .id = id, .run_id = run.id, .run_name = run.name, .subject = std::string(subject), .count = seen.count};
  if (seen.first_seen.has_value()) {
    sighting.after_start_nanos = *seen.first_seen > run.start ? *seen.first_seen - run.start : 0;
  }
  for (const auto& [program, count] : seen.programs) {
    if (program < recording.programs.size()) sighting.programs[recording.programs[program]] += count;
  }
  return sighting;
}

void AddSighting(Sighting more, std::vector<Sighting>& sightings) {
  if (sightings.size() < kMaxSingleSightings) {
    sightings.push_back(std::move(more));
    return;
  }
  const auto first_rest = sightings.begin() + static_cast<std::ptrdiff_t>(kMaxSingleSightings);
  auto rest = std::find_if(first_rest, sightings.end(), [&](const Sighting& known) { return known.id == more.id; });
  if (rest == sightings.end()) rest = sightings.insert(sightings.end(), Sighting{.id = more.id});
  ++rest->rest;
  AddSaturating(more.count, rest->count);
  for (const auto& [program, count] : more.programs) AddSaturating(count, rest->programs[program]);
  if (more.after_start_nanos.has_value()) {
    rest->after_start_nanos = std::min(rest->after_start_nanos.value_or(UINT64_MAX), *more.after_start_nanos);
  }
}

}  // namespace syscarve
