// SPDX-License-Identifier: Apache-2.0
// The origin of each changed call, as far as recordings show it: the difference between two profiles is compared with
// the recordings behind each of them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/policy/closure.h"
#include "userspace/policy/generate.h"
#include "userspace/review/diff.h"

namespace syscarve {

enum class Origin {
  kProgram,      // Programs make the call, and no other origin applies.
  kLibrary,      // Most likely the C library: see CallEvidence::spelling.
  kRuntime,      // No program made the call, but the container runtime needs it (a baseline).
  kClosure,      // Not seen: a closure rule adds it.
  kUnexplained,  // Nothing in the new recordings explains it.
};
std::string_view OriginName(Origin origin);  // "program", "library", "runtime", "closure", "unexplained"

// The evidence for all calls of one name.
struct CallEvidence {
  Origin origin = Origin::kUnexplained;
  // For kLibrary. Not empty: a call that closure.json lists as a spelling of the same operation; each program that
  // newly makes the changed call made this one before and no longer does. Empty: programs that were recorded before
  // newly make the changed call, and a C library makes it when a process or thread begins (libc.json).
  std::string spelling;
  // For kProgram: none of the programs that make the call is in the old recordings.
  bool new_program = false;
  std::vector<Sighting> before;  // In the old recordings.
  std::vector<Sighting> after;   // In the new ones.
  std::string baseline;          // BaselineCalls::source, or "".
  std::vector<ClosureReason> closure;
  bool operator==(const CallEvidence&) const = default;
};

struct DiffEvidence {
  std::map<std::string, CallEvidence> calls;  // For every name in the Diff.
  bool complete = true;                       // No recording has a loss that can hide a call.
};

// `before` and `after` are the profiles as generated from their recordings. Programs are identified by path.
absl::StatusOr<DiffEvidence> FindEvidence(const Diff& diff, const GeneratedProfile& before,
                                          const GeneratedProfile& after);

}  // namespace syscarve
