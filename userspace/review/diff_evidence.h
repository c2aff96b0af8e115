// SPDX-License-Identifier: Apache-2.0
// Where a changed call comes from, as far as recordings can tell: what two profiles differ in is put beside what was
// recorded for each of them.
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
  kProgram,      // Programs make it, and nothing says that it is not their own doing.
  kLibrary,      // The C library, most likely: see CallEvidence::spelling.
  kRuntime,      // Not seen of a program, but the container runtime needs it (a baseline).
  kClosure,      // Not seen: a rule adds it beside what was.
  kUnexplained,  // Nothing in the new recordings speaks for it.
};
std::string_view OriginName(Origin origin);  // "program", "library", "runtime", "closure", "unexplained"

// All of one call's name.
struct CallEvidence {
  Origin origin = Origin::kUnexplained;
  // Of kLibrary. Not empty: each program that makes the call now, which it did not before, made this one before, which
  // it does not now, and closure.json has the two as spellings of one operation. Empty: programs that were recorded
  // before make it now, and it is one of those that a C library makes when a process or a thread begins (libc.json).
  std::string spelling;
  // Of kProgram: every program that makes it was in none of the old recordings.
  bool new_program = false;
  std::vector<Sighting> before;  // In the old recordings.
  std::vector<Sighting> after;   // In the new ones.
  std::string baseline;          // BaselineCalls::source, or "".
  std::vector<ClosureReason> closure;
  bool operator==(const CallEvidence&) const = default;
};

struct DiffEvidence {
  std::map<std::string, CallEvidence> calls;  // Of every name in the Diff.
  bool complete = true;                       // No recording says that calls may be missing from it.
};

// `before` and `after` were generated from the recordings behind the two profiles. Programs are known by their paths.
absl::StatusOr<DiffEvidence> FindEvidence(const Diff& diff, const GeneratedProfile& before,
                                          const GeneratedProfile& after);

}  // namespace syscarve
