// Where, how often and by whom a call was made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "userspace/model/abi.h"
#include "userspace/model/recording.h"

namespace syscarve {

// One call in one run of one subject.
struct Sighting {
  SyscallId id;
  std::string run_id;
  std::string run_name;
  std::string subject;                        // An adversary's bytes, as are the programs' paths.
  std::optional<uint64_t> after_start_nanos;  // First seen so long after the run's start; absent when that was lost.
  uint64_t count = 0;
  std::map<Program, uint64_t> programs;  // Count per program.
  bool operator==(const Sighting&) const = default;
};

}  // namespace syscarve
