// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

constexpr ActionKind kAllActions[] = {ActionKind::kKillProcess, ActionKind::kKillThread, ActionKind::kTrap,
                                      ActionKind::kErrno,       ActionKind::kNotify,     ActionKind::kTrace,
                                      ActionKind::kLog,         ActionKind::kAllow};

TEST(ActionTest, EveryNameLeadsBack) {
  for (const ActionKind kind : kAllActions) EXPECT_EQ(ActionKindFromScmpName(ScmpActionName(kind)), kind);
  EXPECT_EQ(ScmpActionName(ActionKind::kErrno), "SCMP_ACT_ERRNO");
  EXPECT_EQ(ScmpActionName(ActionKind::kLog), "SCMP_ACT_LOG");
}

TEST(ActionTest, TheOldNameOfKillThreadIsTaken) {
  EXPECT_EQ(ActionKindFromScmpName("SCMP_ACT_KILL"), ActionKind::kKillThread);
  EXPECT_EQ(ActionKindFromScmpName("SCMP_ACT_DENY"), std::nullopt);
  EXPECT_EQ(ActionKindFromScmpName(""), std::nullopt);
}

TEST(CompareOpTest, EveryNameLeadsBack) {
  for (const CompareOp op : {CompareOp::kNotEqual, CompareOp::kLess, CompareOp::kLessOrEqual, CompareOp::kEqual,
                             CompareOp::kGreaterOrEqual, CompareOp::kGreater, CompareOp::kMaskedEqual}) {
    EXPECT_EQ(CompareOpFromScmpName(ScmpCompareName(op)), op);
  }
  EXPECT_EQ(ScmpCompareName(CompareOp::kMaskedEqual), "SCMP_CMP_MASKED_EQ");
  EXPECT_EQ(ScmpCompareName(CompareOp::kLessOrEqual), "SCMP_CMP_LE");
  EXPECT_EQ(CompareOpFromScmpName("EQ"), std::nullopt);
}

}  // namespace
}  // namespace syscarve
