// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/checkpoint_schedule.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(CheckpointSchedule, ComesEveryTwoSecondsAndAtOnceAfterARun) {
  const CheckpointSchedule::Clock::time_point start{};
  CheckpointSchedule schedule(start);
  EXPECT_FALSE(schedule.Due(start + milliseconds(1999)));
  EXPECT_TRUE(schedule.Due(start + seconds(2)));
  schedule.RunEnded();
  EXPECT_TRUE(schedule.Due(start));
  schedule.Made(start, start + milliseconds(1));
  EXPECT_FALSE(schedule.Due(start + milliseconds(2000)));
  EXPECT_TRUE(schedule.Due(start + milliseconds(2001)));
  schedule.RunEnded();
  EXPECT_FALSE(schedule.Due(start + milliseconds(100)));
  EXPECT_TRUE(schedule.Due(start + milliseconds(101)));
}

// However long one takes, and however many runs end meanwhile.
TEST(CheckpointSchedule, NeverTakesMoreThanAHundredthOfTheTime) {
  for (const milliseconds cost : {milliseconds(1), milliseconds(30), milliseconds(700)}) {
    const CheckpointSchedule::Clock::time_point start{};
    CheckpointSchedule schedule(start);
    milliseconds spent{0};
    auto now = start;
    for (; now < start + seconds(1000); now += milliseconds(1)) {
      schedule.RunEnded();
      if (!schedule.Due(now)) continue;
      schedule.Made(now, now + cost);
      now += cost;
      spent += cost;
    }
    EXPECT_LE(spent, (now - start) / 99 + cost) << cost.count();
    EXPECT_GE(spent, (now - start) / 110) << cost.count();
  }
}

}  // namespace
}  // namespace syscarve
