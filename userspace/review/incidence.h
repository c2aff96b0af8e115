// SPDX-License-Identifier: Apache-2.0
// What a sample of runs says of the runs that were not in it: pure statistics of an incidence matrix, runs × names. The
// formulas, their sources and what they assume are in docs/risk.md; tests/bench/risk_calibration prints how often the
// intervals are right.
//
// The sampling unit is the run. How often a run made a call is no evidence: a call that one test makes a million times
// has been seen once. The same matrix gives the same numbers: where chance is used, its seed is Incidence::Seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "userspace/base/hash.h"

namespace syscarve {

// Which name was met in which runs. Runs are numbered from 0 in the order in which they were made.
class Incidence {
 public:
  explicit Incidence(size_t runs) : runs_(runs) {}

  // The next name. `in` has the runs that have it, ascending, each once. A name that no run has says nothing and is
  // left out. REQUIRES: every element is below runs().
  void AddName(std::span<const uint32_t> in);

  size_t runs() const { return runs_; }
  size_t names() const { return counts_.size(); }
  size_t NamesInExactly(size_t runs) const;
  // By name: in how many runs it is.
  std::span<const uint32_t> counts() const { return counts_; }
  // The names that are in few runs, at most kRare, with these.
  static constexpr size_t kRare = 4;
  const std::vector<std::vector<uint32_t>>& rare() const { return rare_; }

  // Of everything that was added and of nothing else; names in another order give another seed.
  uint64_t Seed() const { return seed_; }

 private:
  size_t runs_;
  std::vector<uint32_t> counts_;
  std::vector<std::vector<uint32_t>> rare_;
  uint64_t seed_ = kFnvBasis;
};

// The expected number of names in `runs` of the runs, over all ways to choose them (Mao tau).
struct CurvePoint {
  size_t runs = 0;
  double names = 0;
  bool operator==(const CurvePoint&) const = default;
};

// After 1, 2, 4, 8 … and all runs. Empty without runs.
std::vector<CurvePoint> DiscoveryCurve(const Incidence& incidence);

// A number with an interval at 95 %. `lower` is 0 where there is only an upper bound, at 95 %.
struct Estimate {
  double value = 0;
  double lower = 0;
  double upper = 0;
  bool operator==(const Estimate&) const = default;
};

// How often a run has a name that no other run has: what a profile made from all runs is expected to miss in the next.
struct Novelty {
  size_t novel = 0;  // Runs with such a name.
  Estimate share;    // Of all runs.
  // So little is left to be seen that it may be nothing: `share.lower` is 0, and `share.upper` a bound at 95 %.
  bool one_sided = true;
  bool operator==(const Novelty&) const = default;
};

// REQUIRES: runs() >= 2.
Novelty LeaveOneRunOut(const Incidence& incidence);

// How many names are missing, by Chao2, bias-corrected: a lower bound of what further runs would bring.
struct Missing {
  size_t once = 0;   // Names in exactly one run,
  size_t twice = 0;  // and in exactly two.
  // 0 where hardly a name is in one run only: that is no estimate, and without an interval.
  Estimate names;  // The log-normal interval is of the bound: `names.upper` says nothing of the true number.
  bool operator==(const Missing&) const = default;
};

// REQUIRES: runs() >= 2.
Missing Chao2(const Incidence& incidence);

// Whether neighbouring runs are more, or less, alike than runs are: joined by `by`, as many of them have names of their
// own, and have as many of these, as when they are shuffled first.
struct Joined {
  size_t by = 0;
  size_t groups = 0;
  size_t novel = 0;        // Groups with a name that no other group has.
  size_t once = 0;         // Such names.
  double novel_usual = 0;  // The same, as the mean over shuffled runs.
  double once_usual = 0;
  bool agrees = true;
  bool operator==(const Joined&) const = default;
};

// REQUIRES: by <= Incidence::kRare.
Joined JoinRuns(const Incidence& incidence, size_t by);

// The largest share of runs that `refused` refused ones of `fresh` are compatible with at 95 %, one-sided (Clopper and
// Pearson); of none, 1 − 0.05^(1/fresh). The runs must not be among those that the profile was made of. 1 without runs.
double LargestShareRefused(uint64_t fresh, uint64_t refused = 0);

// How many fresh runs without a refusal show that at most `share` of runs is refused: 59 for 0.05, 299 for 0.01.
// REQUIRES: 0 < share < 1.
uint64_t FreshRunsNeeded(double share);

}  // namespace syscarve
