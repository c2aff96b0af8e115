// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/incidence.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <unordered_set>

#include "userspace/base/hash.h"
#include "userspace/base/split_mix.h"

namespace syscarve {
namespace {

constexpr double kAlpha = 0.05;
constexpr double kNormal975 = 1.959963984540054;
// With fewer expected unseen names, there may be none at all: the probability of that is exp(-4), 1.8 %.
constexpr double kFewestUnseenForTwoSides = 4;
constexpr unsigned kBootstraps = 1000;
constexpr unsigned kShuffles = 999;
// If at least this many shuffles are as extreme as the observation, on either side, it is attributed to chance: 0.5 %
// on each of two sides, for two numbers.
constexpr unsigned kFewestAsFar = 5;

// A random number below `end`; the multiplication's bias is below end / 2^32.
uint32_t Below(SplitMix64& random, uint32_t end) {
  return static_cast<uint32_t>(((random.Next() >> 32) * end) >> 32);
}

// The continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8), by Lentz' method.
double BetaFraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  constexpr double kEnough = 1e-14;
  constexpr int kMostSteps = 10'000;
  const auto safe = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
  double c = 1;
  double d = 1 / safe(1 - (a + b) * x / (a + 1));
  double result = d;
  for (int m = 1; m <= kMostSteps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double term : {even, odd}) {
      d = 1 / safe(1 + term * d);
      c = safe(1 + term / c);
      change = d * c;
      result *= change;
    }
    if (std::abs(change - 1) < kEnough) break;
  }
  return result;
}

// The distribution function of Beta(a, b).
double BetaCdf(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const double front =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * BetaFraction(a, b, x) / a : 1 - front * BetaFraction(b, a, 1 - x) / b;
}

double BetaQuantile(double a, double b, double probability) {
  constexpr int kHalvings = 60;
  double low = 0;
  double high = 1;
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = (low + high) / 2;
    (BetaCdf(a, b, middle) < probability ? low : high) = middle;
  }
  return (low + high) / 2;
}

// Chao2's estimate of the number of unseen names, for a sample of `runs` runs.
double Unseen(double runs, double once, double twice) {
  return runs < 1 ? 0 : (runs - 1) / runs * once * (once - 1) / (2 * (twice + 1));
}

// The contribution of each run to the novelty: +1 if it is novel, and −1 for each other run that would be novel without
// it.
std::vector<int> PseudoValues(const Incidence& incidence, size_t& novel, size_t& twos) {
  std::vector<char> is_novel(incidence.runs(), 0);
  for (const std::vector<uint32_t>& in : incidence.rare()) {
    if (in.size() == 1) is_novel[in[0]] = 1;
  }
  novel = static_cast<size_t>(std::count(is_novel.begin(), is_novel.end(), 1));
  std::vector<int> values(is_novel.begin(), is_novel.end());
  std::unordered_set<uint64_t> pairs;
  for (const std::vector<uint32_t>& in : incidence.rare()) {
    if (in.size() != 2 || !pairs.insert((uint64_t{in[0]} << 32) | in[1]).second) continue;
    ++twos;
    if (is_novel[in[0]] == 0) --values[in[1]];
    if (is_novel[in[1]] == 0) --values[in[0]];
  }
  return values;
}

// The bootstrap variance of the sum of `values`, resampling whole runs.
double ClusterBootstrapVariance(const std::vector<int>& values, uint64_t seed) {
  SplitMix64 random(seed);
  const auto runs = static_cast<uint32_t>(values.size());
  double mean = 0;
  double squares = 0;
  for (unsigned i = 1; i <= kBootstraps; ++i) {
    int64_t sum = 0;
    for (uint32_t run = 0; run < runs; ++run) sum += values[Below(random, runs)];
    const double off = static_cast<double>(sum) - mean;
    mean += off / i;
    squares += off * (static_cast<double>(sum) - mean);
  }
  return squares / (kBootstraps - 1);
}

// How many names occur together, as it affects the variance of their number: for names in the same few runs, the mean
// size of a name's group. Names in only one run show nothing about it if many runs have some.
double Togetherness(const Incidence& incidence) {
  std::map<std::vector<uint32_t>, size_t> groups;
  for (const std::vector<uint32_t>& in : incidence.rare()) ++groups[in];
  double names = 0;
  double squares = 0;
  const auto add = [&](bool once) {
    for (const auto& [in, size] : groups) {
      if ((in.size() == 1) != once) continue;
      names += static_cast<double>(size);
      squares += static_cast<double>(size) * static_cast<double>(size);
    }
  };
  add(false);
  if (names == 0) add(true);
  return names == 0 ? 1 : squares / names;
}

}  // namespace

void Incidence::AddName(std::span<const uint32_t> in) {
  if (in.empty()) return;
  counts_.push_back(static_cast<uint32_t>(in.size()));
  if (in.size() <= kRare) rare_.emplace_back(in.begin(), in.end());
  const auto mix = [this](uint64_t number) { seed_ = (seed_ ^ number) * kFnvPrime; };
  mix(runs_);
  mix(in.size());
  for (const uint32_t run : in) mix(run);
}

size_t Incidence::NamesInExactly(size_t runs) const {
  return static_cast<size_t>(std::ranges::count(counts_, static_cast<uint32_t>(runs)));
}

std::vector<CurvePoint> DiscoveryCurve(const Incidence& incidence) {
  std::vector<CurvePoint> curve;
  const size_t runs = incidence.runs();
  // log(C(runs - count, k) / C(runs, k)) is a difference of these logarithms.
  const auto log_factorial = [](size_t n) { return std::lgamma(static_cast<double>(n) + 1); };
  const auto add = [&](size_t k) {
    CurvePoint point = {.runs = k};
    for (const size_t count : incidence.counts()) {
      const double none = k > runs - count ? 0
                                           : std::exp(log_factorial(runs - count) - log_factorial(runs - count - k) -
                                                      log_factorial(runs) + log_factorial(runs - k));
      point.names += 1 - none;
    }
    curve.push_back(point);
  };
  for (size_t k = 1; k < runs; k *= 2) add(k);
  if (runs > 0) add(runs);
  return curve;
}

Novelty LeaveOneRunOut(const Incidence& incidence) {
  Novelty result;
  size_t twos = 0;
  const std::vector<int> values = PseudoValues(incidence, result.novel, twos);
  const auto runs = static_cast<double>(incidence.runs());
  const auto novel = static_cast<double>(result.novel);
  result.share.value = novel / runs;
  result.one_sided = Unseen(runs, novel, static_cast<double>(twos)) < kFewestUnseenForTwoSides;
  // How much more the sum varies than for independent runs (the design effect of Korn and Graubard).
  const double usual = std::max(novel, 1.0) * (1 - novel / (runs + 1));
  const double effect = std::max(1.0, ClusterBootstrapVariance(values, incidence.Seed()) / usual);
  const double effective = runs / effect;
  const double hits = novel / effect;
  if (result.one_sided) {
    result.share.upper = novel >= runs ? 1 : BetaQuantile(hits + 1, effective - hits, 1 - kAlpha);
    return result;
  }
  result.share.lower = BetaQuantile(hits, effective - hits + 1, kAlpha / 2);
  // The true share varies, too: unseen names may be rarer than those seen once.
  const double deviation = std::sqrt(effect * usual) / runs;
  result.share.lower = std::max(0.0, std::min(result.share.lower, result.share.value - kNormal975 * deviation));
  result.share.upper = BetaQuantile(hits + 0.5, effective - hits + 0.5, 1 - kAlpha / 2);
  return result;
}

Missing Chao2(const Incidence& incidence) {
  Missing result = {.once = incidence.NamesInExactly(1), .twice = incidence.NamesInExactly(2)};
  const auto runs = static_cast<double>(incidence.runs());
  const auto once = static_cast<double>(result.once);
  const auto twice = static_cast<double>(result.twice);
  if (result.once == 0) return result;
  // Names that occur together count as one: the formulas count groups, which have `size` names each.
  const double size = Togetherness(incidence);
  const double ones = once / size;
  const double more = twice / size + 1;
  const double scale = (runs - 1) / runs;
  result.names.value = size * Unseen(runs, ones, twice / size);
  if (result.names.value <= 0) {
    result.names.value = 0;
    return result;
  }
  const double variance =
      size * size *
      (scale * ones * (ones - 1) / (2 * more) +
       scale * scale * ones * (2 * ones - 1) * (2 * ones - 1) / (4 * more * more) +
       scale * scale * ones * ones * (more - 1) * (ones - 1) * (ones - 1) / (4 * more * more * more * more));
  const double value = result.names.value;
  const double ratio = std::exp(kNormal975 * std::sqrt(std::log1p(variance / (value * value))));
  // Numbers of names are integers; and if few are unseen, there may be none.
  result.names.lower = value / size < kFewestUnseenForTwoSides ? 0 : std::floor(value / ratio);
  result.names.upper = std::ceil(value * ratio);
  return result;
}

namespace {

// Counts the groups with names of their own, and these names.
template <typename GroupOf>
void CountOwn(const std::vector<std::vector<uint32_t>>& rare, GroupOf group_of, std::vector<char>& has, size_t& novel,
              size_t& once) {
  novel = 0;
  once = 0;
  std::vector<uint32_t> marked;
  for (const std::vector<uint32_t>& in : rare) {
    const uint32_t group = group_of(in[0]);
    if (!std::all_of(in.begin() + 1, in.end(), [&](uint32_t run) { return group_of(run) == group; })) continue;
    ++once;
    if (has[group] != 0) continue;
    has[group] = 1;
    marked.push_back(group);
  }
  novel = marked.size();
  for (const uint32_t group : marked) has[group] = 0;
}

}  // namespace

Joined JoinRuns(const Incidence& incidence, size_t by) {
  Joined result = {.by = by, .groups = (incidence.runs() + by - 1) / by};
  std::vector<std::vector<uint32_t>> rare;
  for (const std::vector<uint32_t>& in : incidence.rare()) {
    if (in.size() <= by) rare.push_back(in);
  }
  const auto size = static_cast<uint32_t>(by);
  std::vector<char> has(result.groups, 0);
  CountOwn(
      rare, [&](uint32_t run) { return run / size; }, has, result.novel, result.once);

  SplitMix64 random(incidence.Seed() + by);
  std::vector<uint32_t> place(incidence.runs());
  std::iota(place.begin(), place.end(), 0);
  // Only runs with rare names need an index.
  std::vector<uint32_t> matter;
  for (const std::vector<uint32_t>& in : rare) matter.insert(matter.end(), in.begin(), in.end());
  std::ranges::sort(matter);
  matter.erase(std::unique(matter.begin(), matter.end()), matter.end());
  std::vector<uint32_t> place_of(incidence.runs(), 0);
  unsigned novel_above = 0;
  unsigned novel_below = 0;
  unsigned once_above = 0;
  unsigned once_below = 0;
  for (unsigned i = 0; i < kShuffles; ++i) {
    for (uint32_t k = 0; k < matter.size(); ++k) {
      std::swap(place[k], place[k + Below(random, static_cast<uint32_t>(place.size()) - k)]);
      place_of[matter[k]] = place[k];
    }
    size_t novel = 0;
    size_t once = 0;
    CountOwn(
        rare, [&](uint32_t run) { return place_of[run] / size; }, has, novel, once);
    novel_above += novel >= result.novel;
    novel_below += novel <= result.novel;
    once_above += once >= result.once;
    once_below += once <= result.once;
    result.novel_usual += static_cast<double>(novel) / kShuffles;
    result.once_usual += static_cast<double>(once) / kShuffles;
  }
  result.agrees = std::min({novel_above, novel_below, once_above, once_below}) >= kFewestAsFar;
  return result;
}

double LargestShareRefused(uint64_t fresh, uint64_t refused) {
  if (refused >= fresh) return 1;
  const auto runs = static_cast<double>(fresh);
  if (refused == 0) return -std::expm1(std::log(kAlpha) / runs);
  const auto hits = static_cast<double>(refused);
  return BetaQuantile(hits + 1, runs - hits, 1 - kAlpha);
}

uint64_t FreshRunsNeeded(double share) {
  return static_cast<uint64_t>(std::ceil(std::log(kAlpha) / std::log1p(-share) - 1e-9));
}

}  // namespace syscarve
