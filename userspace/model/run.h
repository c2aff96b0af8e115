// SPDX-License-Identifier: Apache-2.0
// A Run: what the subjects of a Recording did in one stretch of it. Plain data, as in recording.h.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/capability.h"
#include "userspace/model/seen_arguments.h"

namespace syscarve {

using SubjectId = uint32_t;  // Index into Recording::subjects.

// Nanoseconds since 1970-01-01 00:00 UTC.
using UnixNanos = uint64_t;

struct Observation {
  uint64_t count = 0;                      // Equal to the sum over `programs`.
  std::optional<UnixNanos> first_seen;     // Detail: absent if its event was lost.
  std::map<ProgramId, uint64_t> programs;  // Count per program.
  std::optional<SeenArguments> arguments;  // Detail: for calls that a profile can have conditions for.
  bool operator==(const Observation&) const = default;
};

// The result of a call that a filter already in force did not let through.
struct Denial {
  int errno_value = 0;  // An errno, positive; 0: killed; kDenialTrapped or kDenialAnswered (recording_words.h).
  uint64_t count = 0;
  std::map<ProgramId, uint64_t> programs;
  bool operator==(const Denial&) const = default;
};

// Calls over time, in buckets of equal width, from `events: all`.
struct Timeline {
  UnixNanos start = 0;
  uint64_t bucket_nanos = 0;
  std::vector<uint64_t> counts;
  auto operator<=>(const Timeline&) const = default;
};

// What one subject did in one run.
struct SubjectTrace {
  std::map<SyscallId, Observation> calls;          // Phase "main".
  std::map<SyscallId, Observation> runtime_calls;  // Phase "runtime": before the exec of the subject's own program.
  // Phase "baseline": of the runtime's calls, those made while the subject's own filter was already in force, which the
  // runtime needs in any profile. They are not in runtime_calls.
  std::map<SyscallId, Observation> baseline_calls;
  std::map<SyscallId, std::vector<Denial>> denials;  // One entry per errno_value, ascending.
  std::map<int, CapabilityUse> capabilities;         // By capability number.
  std::optional<Timeline> timeline;
  bool operator==(const SubjectTrace&) const = default;
};

// How a recorded command ended.
struct CommandEnd {
  int status = 0;  // As a shell reports it: the exit status, or 128 + signal.
  // Tasks that outlived the command and the grace period, and that the recorder terminated.
  uint64_t ended_by_recorder = 0;
  auto operator<=>(const CommandEnd&) const = default;
};

struct Run {
  std::string id;    // Random, 32 hex digits; makes merging idempotent.
  std::string name;  // Chosen by the user.
  UnixNanos start = 0;
  UnixNanos end = 0;
  std::optional<CommandEnd> command;
  std::map<SubjectId, SubjectTrace> subjects;
  bool operator==(const Run&) const = default;
};

}  // namespace syscarve
