// SPDX-License-Identifier: Apache-2.0
// Predictions for further runs from a sample of runs: pure statistics of an incidence matrix, runs × names. The
// formulas, their sources and their assumptions are in docs/risk.md; tests/bench/risk_calibration prints how often the
// intervals cover the true value.
//
// The sampling unit is the run. How often a run made a call does not count: a call that one test makes a million times
// was seen in one run. Deterministic: random numbers are seeded with Incidence::Seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "userspace/base/hash.h"

namespace syscarve {

// Which names occur in which runs. Runs are numbered from 0 in the order in which they were made.
class Incidence {
 public:
  explicit Incidence(size_t runs) : runs_(runs) {}

  // Adds the next name. `in` has the runs in which it occurs, ascending, each once. A name that occurs in no run is
  // ignored. REQUIRES: every element is below runs().
  void AddName(std::span<const uint32_t> in);

  size_t runs() const { return runs_; }
  size_t names() const { return counts_.size(); }
  size_t NamesInExactly(size_t runs) const;
  // By name: the number of runs in which it occurs.
  std::span<const uint32_t> counts() const { return counts_; }
  // For each name that occurs in at most kRare runs, these runs.
  static constexpr size_t kRare = 4;
  const std::vector<std::vector<uint32_t>>& rare() const { return rare_; }

  // A hash of everything that was added, in its order.
  uint64_t Seed() const { return seed_; }

 private:
  size_t runs_;
  std::vector<uint32_t> counts_;
  std::vector<std::vector<uint32_t>> rare_;
  uint64_t seed_ = kFnvBasis;
};

// The expected number of names in a random subset of `runs` runs (Mao tau).
struct CurvePoint {
  size_t runs = 0;
  double names = 0;
  bool operator==(const CurvePoint&) const = default;
};

// For 1, 2, 4, 8 … and all runs. Empty if there are no runs.
std::vector<CurvePoint> DiscoveryCurve(const Incidence& incidence);

// A number with a 95 % interval. `lower` is 0 if there is only a 95 % upper bound.
struct Estimate {
  double value = 0;
  double lower = 0;
  double upper = 0;
  bool operator==(const Estimate&) const = default;
};

// The share of runs with a name that no other run has: an estimate of the chance that a profile made from all runs
// lacks a name of the next run.
struct Novelty {
  size_t novel = 0;  // The number of such runs.
  Estimate share;    // Their share of all runs.
  // So little is unseen that it may be nothing: `share.lower` is 0 and `share.upper` a 95 % upper bound.
  bool one_sided = true;
  bool operator==(const Novelty&) const = default;
};

// REQUIRES: runs() >= 2.
Novelty LeaveOneRunOut(const Incidence& incidence);

// The number of unseen names by bias-corrected Chao2: a lower bound for the names that further runs would add.
struct Missing {
  size_t once = 0;   // Names in exactly one run,
  size_t twice = 0;  // and in exactly two.
  // 0, without an interval, if too few names are in exactly one run for an estimate.
  Estimate names;  // The log-normal interval is for the bound: `names.upper` does not limit the true number.
  bool operator==(const Missing&) const = default;
};

// REQUIRES: runs() >= 2.
Missing Chao2(const Incidence& incidence);

// Whether neighbouring runs are as similar as any other runs. Runs are joined in groups of `by`; the number of groups
// with names of their own, and the number of these names, are compared with those of groups of shuffled runs.
struct Joined {
  size_t by = 0;
  size_t groups = 0;
  size_t novel = 0;        // Groups with a name that no other group has.
  size_t once = 0;         // The number of such names.
  double novel_usual = 0;  // The mean over shuffled runs.
  double once_usual = 0;
  bool agrees = true;
  bool operator==(const Joined&) const = default;
};

// REQUIRES: by <= Incidence::kRare.
Joined JoinRuns(const Incidence& incidence, size_t by);

// The one-sided 95 % upper bound (Clopper and Pearson) for the share of runs with a refusal, if `refused` of `fresh`
// runs had one: 1 − 0.05^(1/fresh) if none had, 1 if there are no runs. The runs must be fresh: the profile was not
// made of them.
double LargestShareRefused(uint64_t fresh, uint64_t refused = 0);

// The number of fresh runs without a refusal that show that at most `share` of all runs have one: 59 for 0.05, 299 for
// 0.01. REQUIRES: 0 < share < 1.
uint64_t FreshRunsNeeded(double share);

}  // namespace syscarve
