// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

TEST(RecordingTest, IsCompleteUnlessALossMayHideACall) {
  Recording recording;
  EXPECT_TRUE(recording.complete());
  recording.losses.push_back({.what = "ring_full", .count = 3, .missed_calls = false});
  EXPECT_TRUE(recording.complete());
  recording.losses.push_back({.what = "slots_full", .count = 1, .missed_calls = true});
  EXPECT_FALSE(recording.complete());
}

TEST(SubjectKindTest, EveryNameLeadsBack) {
  for (const SubjectKind kind :
       {SubjectKind::kCommand, SubjectKind::kCgroup, SubjectKind::kProcess, SubjectKind::kContainer}) {
    EXPECT_EQ(SubjectKindFromName(SubjectKindName(kind)), kind);
  }
  EXPECT_EQ(SubjectKindName(SubjectKind::kContainer), "container");
  EXPECT_EQ(SubjectKindFromName("pod"), std::nullopt);
}

}  // namespace
}  // namespace syscarve
