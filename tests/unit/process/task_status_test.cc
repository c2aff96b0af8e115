// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/task_status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace syscarve {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

TEST(TaskStatusTest, Fields) {
  const TaskStatus status(
      "Name:\tUid:\\n\nState:\tS (sleeping)\nNSpid:\t17\t3\t1\nCapEff:\t00000000a80425fb\nSeccomp:\t2\n");
  EXPECT_THAT(status.Field("State"), Optional(std::string_view("S (sleeping)")));
  EXPECT_THAT(status.Words("State"), ElementsAre("S", "(sleeping)"));
  EXPECT_THAT(status.Words("NSpid"), ElementsAre("17", "3", "1"));
  EXPECT_THAT(status.Set("CapEff"), Optional(0xa80425fbU));
  EXPECT_THAT(status.Number("Seccomp"), Optional(2U));
}

TEST(TaskStatusTest, WhatIsNotThere) {
  const TaskStatus status("Name:\tUid:\\n\nNSpid:\t17\t3\nSeccomp_filters:\t1");
  EXPECT_EQ(status.Field("Uid"), std::nullopt) << "the task's own name is no field";
  EXPECT_EQ(status.Field("Seccomp"), std::nullopt) << "the beginning of another";
  EXPECT_THAT(status.Number("Seccomp_filters"), Optional(1U)) << "the last line, cut off";
  EXPECT_EQ(status.Number("NSpid"), std::nullopt) << "two numbers";
  EXPECT_EQ(status.Number("Name"), std::nullopt);
  EXPECT_THAT(status.Words("Groups"), IsEmpty());
  EXPECT_EQ(TaskStatus("").Field(""), std::nullopt);
}

TEST(TaskStatusTest, Tasks) {
  const std::optional<TaskStatus> own = TaskStatus::Of(getpid());
  ASSERT_TRUE(own.has_value());
  EXPECT_THAT(own->Number("Tgid"), Optional(static_cast<uint64_t>(getpid())));
  EXPECT_FALSE(TaskStatus::Of(-1).has_value());
}

}  // namespace
}  // namespace syscarve
