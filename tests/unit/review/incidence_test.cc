// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/incidence.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "tests/unit/effort.h"
#include "tests/unit/review/simulated_runs.h"

namespace syscarve {
namespace {

Incidence Of(size_t runs, std::initializer_list<std::vector<uint32_t>> names) {
  Incidence incidence(runs);
  for (const std::vector<uint32_t>& in : names) incidence.AddName(in);
  return incidence;
}

std::vector<uint32_t> All(uint32_t runs) {
  std::vector<uint32_t> all;
  for (uint32_t run = 0; run < runs; ++run) all.push_back(run);
  return all;
}

TEST(FreshRunsTest, AreThoseOfTheRuleOfThree) {
  EXPECT_NEAR(LargestShareRefused(59), 0.0495, 0.0001);
  EXPECT_LE(LargestShareRefused(59), 0.05);
  EXPECT_GT(LargestShareRefused(58), 0.05);
  EXPECT_LE(LargestShareRefused(299), 0.01);
  EXPECT_GT(LargestShareRefused(298), 0.01);
  EXPECT_EQ(FreshRunsNeeded(0.05), 59U);
  EXPECT_EQ(FreshRunsNeeded(0.01), 299U);
  EXPECT_EQ(FreshRunsNeeded(0.05), 59U);
  EXPECT_DOUBLE_EQ(LargestShareRefused(1), 0.95);
  EXPECT_EQ(LargestShareRefused(0), 1);
}

// Clopper and Pearson's upper bound is where so few are refused in 5 % of samples.
TEST(FreshRunsTest, SolveTheBinomial) {
  for (const auto& [runs, refused] : std::vector<std::pair<int, int>>{{20, 1}, {59, 2}, {100, 30}, {300, 299}}) {
    const double share = LargestShareRefused(static_cast<uint64_t>(runs), static_cast<uint64_t>(refused));
    double sum = 0;
    for (int k = 0; k <= refused; ++k) {
      sum += std::exp(std::lgamma(runs + 1.0) - std::lgamma(k + 1.0) - std::lgamma(runs - k + 1.0) +
                      k * std::log(share) + (runs - k) * std::log1p(-share));
    }
    EXPECT_NEAR(sum, 0.05, 1e-6) << runs << ", " << refused;
  }
  EXPECT_EQ(LargestShareRefused(7, 7), 1);
  EXPECT_EQ(LargestShareRefused(7, 9), 1);
}

TEST(DiscoveryCurveTest, IsTheMeanOverAllOrders) {
  const Incidence incidence = Of(5, {{0}, {1, 2}, {0, 3, 4}, All(5)});
  const std::vector<CurvePoint> curve = DiscoveryCurve(incidence);
  ASSERT_EQ(curve.size(), 4U);
  // By hand: one minus the share of subsets that miss the name.
  EXPECT_EQ(curve[0].runs, 1U);
  EXPECT_NEAR(curve[0].names, 1 / 5.0 + 2 / 5.0 + 3 / 5.0 + 1, 1e-12);
  EXPECT_EQ(curve[1].runs, 2U);
  EXPECT_NEAR(curve[1].names, (1 - 6 / 10.0) + (1 - 3 / 10.0) + (1 - 1 / 10.0) + 1, 1e-12);
  EXPECT_EQ(curve[2].runs, 4U);
  EXPECT_EQ(curve[3].runs, 5U);
  EXPECT_NEAR(curve[3].names, 4, 1e-12);
  EXPECT_TRUE(DiscoveryCurve(Incidence(0)).empty());
  EXPECT_EQ(DiscoveryCurve(Incidence(1)).size(), 1U);
}

TEST(LeaveOneRunOutTest, CountsRunsAndNotNames) {
  const Novelty novelty = LeaveOneRunOut(Of(20, {{3}, {3}, {3}, {7}, {1, 2}, All(20)}));
  EXPECT_EQ(novelty.novel, 2U);
  EXPECT_DOUBLE_EQ(novelty.share.value, 0.1);
  EXPECT_TRUE(novelty.one_sided);
  EXPECT_EQ(novelty.share.lower, 0);
}

TEST(LeaveOneRunOutTest, OfRunsThatAreAllTheSameIsTheRuleOfThree) {
  const Novelty novelty = LeaveOneRunOut(Of(59, {All(59), All(59)}));
  EXPECT_EQ(novelty.novel, 0U);
  EXPECT_EQ(novelty.share.value, 0);
  EXPECT_NEAR(novelty.share.upper, LargestShareRefused(59), 1e-9);
  EXPECT_GT(novelty.share.upper, 0.049);
}

TEST(LeaveOneRunOutTest, WhereEveryRunIsNewIsNotSureOfEveryRun) {
  Incidence incidence(20);
  for (uint32_t run = 0; run < 20; ++run) incidence.AddName(std::vector<uint32_t>{run});
  const Novelty novelty = LeaveOneRunOut(incidence);
  EXPECT_EQ(novelty.novel, 20U);
  EXPECT_EQ(novelty.share.value, 1);
  EXPECT_LT(novelty.share.lower, 0.95);
  EXPECT_GT(novelty.share.lower, 0.5);
}

// A name in two runs is one that might have been in one or in none.
TEST(LeaveOneRunOutTest, IsLessSureWhereNamesAreInTwoRuns) {
  Incidence few(40);
  Incidence more(40);
  for (uint32_t i = 0; i < 8; ++i) {
    few.AddName(std::vector<uint32_t>{i});
    more.AddName(std::vector<uint32_t>{i});
    more.AddName(std::vector<uint32_t>{10 + 2 * i, 11 + 2 * i});
  }
  EXPECT_GT(LeaveOneRunOut(more).share.upper, LeaveOneRunOut(few).share.upper + 0.01);
}

TEST(Chao2Test, IsBiasCorrected) {
  Incidence incidence(25);
  for (uint32_t i = 0; i < 10; ++i) incidence.AddName(std::vector<uint32_t>{i});
  for (uint32_t i = 0; i < 4; ++i) incidence.AddName(std::vector<uint32_t>{10 + 2 * i, 11 + 2 * i});
  const Missing missing = Chao2(incidence);
  EXPECT_EQ(missing.once, 10U);
  EXPECT_EQ(missing.twice, 4U);
  EXPECT_DOUBLE_EQ(missing.names.value, 24.0 / 25 * 10 * 9 / (2 * 5));
  // The variance is 8.64 + 33.27 + 11.94, by its three terms, and exp(1.96 sqrt(log(1 + 53.85 / 8.64²))) is 4.24.
  EXPECT_EQ(missing.names.lower, 2);
  EXPECT_EQ(missing.names.upper, 37);
}

TEST(Chao2Test, CountsNamesThatComeTogetherOnce) {
  Incidence single(25);
  Incidence in_threes(25);
  for (uint32_t i = 0; i < 14; ++i) {
    const std::vector<uint32_t> in = i < 10 ? std::vector<uint32_t>{i} : std::vector<uint32_t>{i, i + 5};
    single.AddName(in);
    for (int k = 0; k < 3; ++k) in_threes.AddName(in);
  }
  EXPECT_DOUBLE_EQ(Chao2(in_threes).names.value, 3 * Chao2(single).names.value);
  EXPECT_NEAR(Chao2(in_threes).names.upper, 3 * Chao2(single).names.upper, 3);
}

TEST(Chao2Test, SaysNothingWhereNoNameIsRare) {
  EXPECT_EQ(Chao2(Of(20, {All(20), {1, 2, 3}})).names, Estimate());
  EXPECT_EQ(Chao2(Of(20, {All(20), {1}})).names, Estimate());
}

TEST(JoinRunsTest, SeesThatNeighboursAreAlike) {
  Incidence neighbours(80);
  Incidence apart(80);
  for (uint32_t i = 0; i < 10; ++i) {
    neighbours.AddName(std::vector<uint32_t>{8 * i, 8 * i + 1});
    apart.AddName(std::vector<uint32_t>{i, 79 - 3 * i});
  }
  EXPECT_FALSE(JoinRuns(neighbours, 2).agrees);
  EXPECT_EQ(JoinRuns(neighbours, 2).novel, 10U);
  EXPECT_LT(JoinRuns(neighbours, 2).novel_usual, 1);
  EXPECT_TRUE(JoinRuns(apart, 2).agrees);
  EXPECT_TRUE(JoinRuns(apart, 4).agrees);
  EXPECT_TRUE(JoinRuns(Of(20, {All(20)}), 4).agrees);
}

TEST(IncidenceTest, GivesTheSameNumbersForTheSameRuns) {
  SplitMix64 random(1);
  const Sample sample = Draw(Worlds().front(), 40, random);
  EXPECT_EQ(LeaveOneRunOut(sample.incidence), LeaveOneRunOut(sample.incidence));
  EXPECT_EQ(JoinRuns(sample.incidence, 4), JoinRuns(sample.incidence, 4));
  EXPECT_NE(Of(20, {{1}}).Seed(), Of(20, {{2}}).Seed());
  EXPECT_NE(Of(20, {{1}}).Seed(), Of(21, {{1}}).Seed());
}

TEST(IncidenceTest, LeavesOutNamesThatNoRunHas) {
  EXPECT_EQ(Of(3, {{}, {1}}).names(), 1U);
}

// The table of docs/risk.md, of fewer samples: tests/bench/risk_calibration.cc prints it. Where nearly everything has
// been seen there is only an upper bound, which is right more often than it promises; docs/risk.md says so.
TEST(CalibrationTest, IntervalsAreRightAsOftenAsTheyPromise) {
  for (const World& world : Worlds()) {
    if (world.stretch > 1) continue;
    constexpr size_t kSamples = InputsToTry<size_t>(300, 30);
    const Tally tally = Simulate(world, 40, kSamples, 7);
    if (kSanitized) continue;  // Too few to count by.
    EXPECT_GE(tally.Covered(), 0.93) << world.name;
    EXPECT_LE(tally.above, kSamples * 5 / 100) << world.name;
    if (2 * tally.two_sided > kSamples) EXPECT_LE(tally.Covered(), 0.985) << world.name;
    EXPECT_LE(tally.unseen_below, kSamples * 6 / 100) << world.name;
    EXPECT_LE(tally.refused, kSamples * 4 / 100) << world.name;
  }
}

TEST(CalibrationTest, NoNumberWhereNeighboursAreAlike) {
  const Tally tally = Simulate(Worlds().back(), 100, 100, 7);
  EXPECT_GE(tally.refused, 95U);
}

TEST(IncidenceTest, TenThousandRunsTakeNoTime) {
  constexpr uint32_t kRuns = 10'000;
  SplitMix64 random(3);
  Incidence incidence(kRuns);
  for (uint32_t name = 0; name < 400; ++name) {
    std::vector<uint32_t> in;
    for (uint32_t run = 0; run < kRuns; ++run) {
      if (random.Next() % (name + 1) == 0) in.push_back(run);
    }
    incidence.AddName(in);
  }
  for (uint32_t name = 0; name < 100; ++name) incidence.AddName(std::vector<uint32_t>{name * 97 % kRuns});
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(LeaveOneRunOut(incidence).novel, 100U);
  EXPECT_GT(Chao2(incidence).names.value, 0);
  EXPECT_EQ(DiscoveryCurve(incidence).size(), 15U);
  EXPECT_TRUE(JoinRuns(incidence, 2).agrees);
  EXPECT_TRUE(JoinRuns(incidence, 4).agrees);
  // Some 0.1 s; under sanitizers on a busy machine more.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

}  // namespace
}  // namespace syscarve
