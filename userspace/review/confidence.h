// SPDX-License-Identifier: Apache-2.0
// How sure a profile is: what the runs that it was made of say of the next run. docs/risk.md has the formulas, what
// they assume, and when no number is given.
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

// A run with calls that no other run brings in.
struct NovelRun {
  std::string id;
  std::string name;                // An adversary's bytes.
  std::vector<std::string> names;  // Ascending; "architecture i386" where the run alone has calls of it.
  bool operator==(const NovelRun&) const = default;
};

struct Confidence {
  size_t runs = 0;    // That count: of what follows, neither.
  size_t starts = 0;  // Runs before the first mark of a recording that has marks.
  size_t empty = 0;   // Runs in which nothing was called.
  // Why there are no numbers, each a sentence without its end. May hold an adversary's bytes.
  std::vector<std::string> objections;
  std::vector<CurvePoint> curve;  // Empty for runs of different subjects.
  // With objections, neither of these is there.
  std::optional<Novelty> novelty;
  std::optional<Missing> missing;
  std::vector<NovelRun> novel_runs;  // In the order of runs.
  std::vector<Joined> joined;        // By two and by four, where there are enough runs.
  bool operator==(const Confidence&) const = default;
};

// Of the recordings that Generate made `made` from, with this closure. A run counts once, however many recordings hold
// it or a part of it. A run has a name when it made the call, or when closure would add it to a profile made from this
// run alone; what the profile allows for other reasons, or not at all, is no matter of runs and left out.
absl::StatusOr<Confidence> JudgeConfidence(std::span<const Recording> recordings, const GeneratedProfile& made,
                                           ClosureMode closure);

}  // namespace syscarve
