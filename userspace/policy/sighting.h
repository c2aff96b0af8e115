// SPDX-License-Identifier: Apache-2.0
// Where, how often and by whom a call was made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/recording.h"

namespace syscarve {

// One call in one run of one subject; or, where there are many, in the rest of them.
struct Sighting {
  SyscallId id;
  std::string run_id;
  std::string run_name;
  std::string subject;                        // An adversary's bytes, as are the programs' paths.
  std::optional<uint64_t> after_start_nanos;  // First seen so long after the run's start; absent when that was lost.
  uint64_t count = 0;
  std::map<Program, uint64_t> programs;  // Count per program.
  uint64_t rest = 0;  // Not 0: this is the sum of so many further ones, and names no run and no subject.
  bool operator==(const Sighting&) const = default;
};

// `seen` as the sighting of one call by one subject in one run of `recording`. Programs that the recording does not
// have are left out.
Sighting SightingOf(const Recording& recording, const Run& run, std::string_view subject, SyscallId id,
                    const Observation& seen);

// So many sightings of a call are kept one by one.
inline constexpr size_t kMaxSingleSightings = 250;

// Adds `more`, which is of one run, to the sightings of a call: one by one, and behind kMaxSingleSightings of them to
// one for each call (there are several where ABIs share a name) that sums the rest up.
void AddSighting(Sighting more, std::vector<Sighting>& sightings);

}  // namespace syscarve
