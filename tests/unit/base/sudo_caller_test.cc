// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/sudo_caller.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace syscarve {
namespace {

TEST(SudoCallerTest, AnIdIsANumberOfSomebody) {
  EXPECT_EQ(ParseUserId("0"), 0u);
  EXPECT_EQ(ParseUserId("4294967294"), 4294967294u);
  for (const char* const text : {"", "4294967295", "-1", "+1", " 1", "1 ", "0x10", "4294967296", "root"}) {
    EXPECT_EQ(ParseUserId(text), std::nullopt) << text;
  }
}

class SudoVariables : public testing::Test {
 protected:
  void TearDown() override {
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
  }
};

TEST_F(SudoVariables, CountOnlyForRoot) {
  setenv("SUDO_UID", "1000", 1);
  setenv("SUDO_GID", "100", 1);
  const auto caller = FindSudoCaller();
  ASSERT_TRUE(caller.ok());
  if (geteuid() == 0) {
    EXPECT_EQ(*caller, (UserIds{.uid = 1000, .gid = 100}));
  } else {
    EXPECT_EQ(*caller, std::nullopt);
  }
  setenv("SUDO_UID", "0", 1);
  EXPECT_EQ(*FindSudoCaller(), std::nullopt);
}

TEST_F(SudoVariables, WhatIsNoIdIsAnErrorForRoot) {
  setenv("SUDO_UID", "1000; rm", 1);
  EXPECT_EQ(FindSudoCaller().ok(), geteuid() != 0);
  setenv("SUDO_UID", "1000", 1);
  setenv("SUDO_GID", "-1", 1);
  EXPECT_EQ(FindSudoCaller().ok(), geteuid() != 0);
}

}  // namespace
}  // namespace syscarve
