// SPDX-License-Identifier: Apache-2.0
// Worlds of which everything is known, samples of runs from them, and how often the intervals of a sample are right.
// For the unit tests, and for the benchmark that prints the table of docs/risk.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "userspace/base/split_mix.h"
#include "userspace/review/incidence.h"

namespace syscarve {

// In [0, 1).
inline double Uniform(SplitMix64& random) {
  return static_cast<double>(random.Next() >> 11) * 0x1.0p-53;
}

// Something that a run does or does not, with the names that come with it, always together.
struct Feature {
  double chance = 0;  // That a run does it.
  unsigned names = 1;
};

struct World {
  std::string name;
  std::vector<Feature> features;
  bool one_of = false;   // Each run does exactly one of them (the chances sum up to 1), else each by itself.
  unsigned stretch = 1;  // So many runs in a row do the same.
};

inline std::vector<World> Worlds() {
  std::vector<World> worlds;
  const auto homogeneous = [&](std::string name, double chance, unsigned features, unsigned names) {
    worlds.push_back({.name = std::move(name), .features = std::vector<Feature>(features, {chance, names})});
  };
  homogeneous("homogeneous, 2 %", 0.02, 40, 1);
  homogeneous("homogeneous, 5 %", 0.05, 40, 1);
  homogeneous("homogeneous, 2 %, in fours", 0.02, 15, 4);
  const auto zipf = [&](std::string name, double exponent, unsigned features, unsigned most_names) {
    World world = {.name = std::move(name)};
    for (unsigned i = 1; i <= features; ++i) {
      world.features.push_back({std::min(0.95, 0.95 * std::pow(i / 3.0, -exponent)), 1 + i % most_names});
    }
    worlds.push_back(std::move(world));
  };
  zipf("Zipf 0.8", 0.8, 150, 1);
  zipf("Zipf 1", 1, 150, 1);
  zipf("Zipf 1.5", 1.5, 150, 1);
  zipf("Zipf 2", 2, 150, 1);
  zipf("Zipf 1.5, in ones to fives", 1.5, 60, 5);
  World kinds = {.name = "30 kinds of runs, Zipf 1, in ones to fours", .one_of = true};
  double sum = 0;
  for (int i = 1; i <= 30; ++i) sum += 1.0 / i;
  for (unsigned i = 1; i <= 30; ++i) kinds.features.push_back({1 / (i * sum), 1 + i % 4});
  worlds.push_back(kinds);
  World nearly = {.name = "nearly all seen", .features = std::vector<Feature>(50, {0.9, 1})};
  nearly.features.insert(nearly.features.end(), 10, {0.002, 1});
  worlds.push_back(nearly);
  World rows = {.name = "the same four times in a row", .features = std::vector<Feature>(40, {0.05, 1}), .stretch = 4};
  worlds.push_back(rows);
  return worlds;
}

// A sample, and what is true of the run after it.
struct Sample {
  Incidence incidence;
  double refused = 0;  // The chance that the next run has a name that none of these has.
  double unseen = 0;   // Names that none of these has.
};

inline Sample Draw(const World& world, size_t runs, SplitMix64& random) {
  std::vector<std::vector<uint32_t>> in(world.features.size());
  for (size_t run = 0; run < runs; run += world.stretch) {
    double left = world.one_of ? Uniform(random) : 0;
    for (size_t i = 0; i < world.features.size(); ++i) {
      const double chance = world.features[i].chance;
      const bool does = world.one_of ? left >= 0 && left < chance : Uniform(random) < chance;
      left -= chance;
      for (size_t k = run; does && k < std::min(runs, run + world.stretch); ++k)
        in[i].push_back(static_cast<uint32_t>(k));
    }
  }
  Sample sample = {.incidence = Incidence(runs)};
  double nothing_new = 1;
  double one_of = 0;
  for (size_t i = 0; i < world.features.size(); ++i) {
    for (unsigned k = 0; k < world.features[i].names; ++k) sample.incidence.AddName(in[i]);
    if (!in[i].empty()) continue;
    nothing_new *= 1 - world.features[i].chance;
    one_of += world.features[i].chance;
    sample.unseen += world.features[i].names;
  }
  sample.refused = world.one_of ? one_of : 1 - nothing_new;
  return sample;
}

// Of many samples, in how many.
struct Tally {
  size_t samples = 0;
  size_t refused = 0;  // No number is given, because joined runs disagree; none of the rest counts these.
  size_t two_sided = 0;
  size_t below = 0;         // The true chance is below the interval,
  size_t above = 0;         // or above it.
  size_t unseen_below = 0;  // Fewer names are unseen than Chao2's lower end says,
  size_t unseen_above = 0;  // or more than its upper end.

  double Covered() const {
    const auto told = static_cast<double>(samples - refused);
    return (told - static_cast<double>(below + above)) / told;
  }
};

inline void Count(const Incidence& incidence, double refused, double unseen, Tally& tally) {
  ++tally.samples;
  if (!JoinRuns(incidence, 2).agrees || !JoinRuns(incidence, 4).agrees) {
    ++tally.refused;
    return;
  }
  const Novelty novelty = LeaveOneRunOut(incidence);
  tally.two_sided += novelty.one_sided ? 0 : 1;
  tally.below += refused < novelty.share.lower;
  tally.above += refused > novelty.share.upper;
  const Missing missing = Chao2(incidence);
  if (missing.names.value <= 0) return;
  tally.unseen_below += unseen < missing.names.lower;
  tally.unseen_above += unseen > missing.names.upper;
}

inline Tally Simulate(const World& world, size_t runs, size_t samples, uint64_t seed) {
  SplitMix64 random(seed);
  Tally tally;
  for (size_t i = 0; i < samples; ++i) {
    const Sample sample = Draw(world, runs, random);
    Count(sample.incidence, sample.refused, sample.unseen, tally);
  }
  return tally;
}

}  // namespace syscarve
