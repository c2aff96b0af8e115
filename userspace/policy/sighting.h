// SPDX-License-Identifier: Apache-2.0
// Where, how often and by which programs a call was made.
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

// One call in one run of one subject; or, if there are many, the sum of the rest.
struct Sighting {
  SyscallId id;
  std::string run_id;
  std::string run_name;
  std::string subject;  // Untrusted, as are the programs' paths.
  // Time from the run's start to the first sighting; absent if that was lost.
  std::optional<uint64_t> after_start_nanos;
  uint64_t count = 0;
  std::map<Program, uint64_t> programs;  // Count per program.
  uint64_t rest = 0;  // If not 0: this is the sum of so many further sightings, without run and subject.
  bool operator==(const Sighting&) const = default;
};

// `seen` as the sighting of one call by one subject in one run of `recording`. Programs that are not in the recording
// are left out.
Sighting SightingOf(const Recording& recording, const Run& run, std::string_view subject, SyscallId id,
                    const Observation& seen);

// The number of sightings of a call that are kept one by one.
inline constexpr size_t kMaxSingleSightings = 250;

// Adds `more`, which is of one run, to the sightings of a call: one by one up to kMaxSingleSightings, and beyond that
// to one sum per SyscallId (there are several if ABIs share a name).
void AddSighting(Sighting more, std::vector<Sighting>& sightings);

}  // namespace syscarve
