// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generated_profile.h"

#include <algorithm>
#include <numeric>

namespace syscarve {

uint64_t AllowedCall::count() const {
  return std::accumulate(sightings.begin(), sightings.end(), uint64_t{0},
                         [](uint64_t sum, const Sighting& sighting) { return sum + sighting.count; });
}

const std::string& ClosureRuleOf(const AllowedCall& call) {
  const auto whole =
      std::ranges::find_if(call.closure, [](const ClosureReason& reason) { return reason.conditions.empty(); });
  return (whole != call.closure.end() ? *whole : call.closure.front()).rule;
}

}  // namespace syscarve
