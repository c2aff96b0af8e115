// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/minimize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

namespace syscarve {
namespace {

using ::testing::IsEmpty;
using Items = std::set<size_t>;

Trial As(bool passes) {
  return passes ? Trial::kPasses : Trial::kFails;
}

TEST(MinimizeTest, FindsWhatIsNeededInFewTrials) {
  const Items needed = {3, 17, 30};
  int trials = 0;
  const Minimized found = Minimize(41, [&](const Items& kept) -> absl::StatusOr<Trial> {
                            ++trials;
                            return As(std::ranges::includes(kept, needed));
                          }).value();
  EXPECT_EQ(found.kept, needed);
  EXPECT_EQ(found.needed, needed);
  EXPECT_LE(trials, 60);
}

TEST(MinimizeTest, NothingIsNeeded) {
  int trials = 0;
  const Minimized found = Minimize(400, [&](const Items&) -> absl::StatusOr<Trial> {
                            ++trials;
                            return Trial::kPasses;
                          }).value();
  EXPECT_THAT(found.kept, IsEmpty());
  EXPECT_EQ(trials, 1);
}

TEST(MinimizeTest, OfNothingThereIsNothingToTry) {
  const Minimized found =
      Minimize(0, [](const Items&) -> absl::StatusOr<Trial> { return absl::InternalError("tried"); }).value();
  EXPECT_THAT(found.kept, IsEmpty());
}

// Whatever goes well and wrong, also where one thing does for another, or breaks what goes well without it.
TEST(MinimizeTest, NothingCanBeTakenAwayFromTheResult) {
  constexpr size_t kSize = 8;
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<bool> well(1 << kSize);
    for (size_t i = 0; i < well.size(); ++i) well[i] = random() % 4 == 0;
    well.back() = true;
    const auto mask = [](const Items& part) {
      size_t bits = 0;
      for (const size_t one : part) bits |= size_t{1} << one;
      return bits;
    };
    std::set<Items> tried;
    const Minimized found = Minimize(kSize, [&](const Items& kept) -> absl::StatusOr<Trial> {
                              EXPECT_TRUE(tried.insert(kept).second) << "tried twice";
                              return As(well[mask(kept)]);
                            }).value();
    EXPECT_LE(tried.size(), kSize * kSize + 3 * kSize);
    EXPECT_TRUE(well[mask(found.kept)]);
    EXPECT_EQ(found.needed, found.kept);
    for (const size_t one : found.kept) {
      Items less = found.kept;
      less.erase(one);
      EXPECT_FALSE(well[mask(less)]);
    }
  }
}

TEST(MinimizeTest, SaysWhatItHadNoTimeFor) {
  for (int time = 0; time < 40; ++time) {
    int trials = 0;
    const Minimized found = Minimize(16, [&](const Items& kept) -> absl::StatusOr<Trial> {
                              if (trials == time) return Trial::kNoTime;
                              ++trials;
                              return As(kept.contains(5) && kept.contains(9));
                            }).value();
    EXPECT_TRUE(found.kept.contains(5) && found.kept.contains(9));
    EXPECT_TRUE(std::ranges::includes(Items{5, 9}, found.needed)) << "nothing is called needed that is not";
    if (time == 0) {
      EXPECT_EQ(found.kept.size(), 16U);
    }
  }
}

TEST(MinimizeTest, PassesAnErrorOn) {
  EXPECT_FALSE(Minimize(3, [](const Items&) -> absl::StatusOr<Trial> { return absl::AbortedError("no"); }).ok());
}

}  // namespace
}  // namespace syscarve
