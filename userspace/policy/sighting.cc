#include "userspace/policy/sighting.h"

#include <algorithm>
#include <utility>

namespace syscarve {
namespace {

void AddSaturating(uint64_t more, uint64_t& sum) {
  if (__builtin_add_overflow(sum, more, &sum)) sum = UINT64_MAX;
}

}  // namespace

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
