// SPDX-License-Identifier: Apache-2.0
// The confidence in a profile: a prediction for the next run from the runs that the profile was made of. docs/risk.md
// has the formulas, their assumptions, and when no number is given.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Confidence sure, JudgeConfidence(recordings, made, options.closure));
//   if (sure.objections.empty()) … sure.novelty->share.upper …
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate.h"
#include "userspace/review/incidence.h"

namespace syscarve {

// With fewer runs no number is given.
inline constexpr size_t kFewestRuns = 20;

// A run with calls that no other run adds to the profile.
struct NovelRun {
  std::string id;
  std::string name;                // Untrusted bytes.
  std::vector<std::string> names;  // Ascending; "architecture i386" if only this run has calls of that ABI.
  bool operator==(const NovelRun&) const = default;
};

struct Confidence {
  size_t runs = 0;    // Runs that count, without the next two kinds.
  size_t starts = 0;  // Runs before the first mark of a recording with marks.
  size_t empty = 0;   // Runs without a call.
  // Why there are no numbers, each a sentence without its full stop. May contain untrusted bytes.
  std::vector<std::string> objections;
  std::vector<CurvePoint> curve;  // Empty if the runs are of different subjects.
  // Both are nullopt if there are objections.
  std::optional<Novelty> novelty;
  std::optional<Missing> missing;
  std::vector<NovelRun> novel_runs;  // In the order of runs.
  std::vector<Joined> joined;        // By two and by four, if there are enough runs.
  bool operator==(const Confidence&) const = default;
};

// The confidence in `made`, which Generate made from `recordings` with this closure. A run counts once, even if several
// recordings contain it or a part of it. A run has a name if it made the call, or if closure would add the call to a
// profile made from this run alone. Calls that the profile allows for other reasons, or does not allow, are ignored.
absl::StatusOr<Confidence> JudgeConfidence(std::span<const Recording> recordings, const GeneratedProfile& made,
                                           ClosureMode closure);

}  // namespace syscarve
