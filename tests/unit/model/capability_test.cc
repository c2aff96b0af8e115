// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/capability.h"

#include <gtest/gtest.h>
#include <linux/capability.h>

namespace syscarve {
namespace {

TEST(CapabilityTest, EveryNameLeadsBack) {
  for (int capability = 0; capability < kCapabilityCount; ++capability) {
    EXPECT_EQ(CapabilityFromName(CapabilityName(capability)), capability);
  }
}

TEST(CapabilityTest, NumbersAreTheKernels) {
  EXPECT_EQ(CapabilityName(CAP_CHOWN), "CAP_CHOWN");
  EXPECT_EQ(CapabilityName(CAP_NET_BIND_SERVICE), "CAP_NET_BIND_SERVICE");
  EXPECT_EQ(CapabilityName(CAP_SYS_ADMIN), "CAP_SYS_ADMIN");
  EXPECT_EQ(CapabilityName(CAP_AUDIT_READ), "CAP_AUDIT_READ");
  EXPECT_EQ(CapabilityName(CAP_CHECKPOINT_RESTORE), "CAP_CHECKPOINT_RESTORE");
  EXPECT_GE(CAP_LAST_CAP, CAP_CHECKPOINT_RESTORE);
}

TEST(CapabilityTest, ANumberNewerThanThisBuildIsKept) {
  EXPECT_EQ(CapabilityName(41), "CAP_41");
}

TEST(CapabilityTest, TakesEverySpelling) {
  for (const char* name : {"CAP_SYS_ADMIN", "cap_sys_admin", "sys_admin", "SYS_ADMIN"}) {
    EXPECT_EQ(CapabilityFromName(name), CAP_SYS_ADMIN) << name;
  }
  for (const char* name : {"", "CAP_", "CAP_41", "SYSADMIN", "CAP_CAP_CHOWN"}) {
    EXPECT_EQ(CapabilityFromName(name), std::nullopt) << name;
  }
}

TEST(CapabilityChecksTest, WhatIsBeyondAPartAndThePartAreTheWhole) {
  const CapabilityChecks part = {
      .granted = 2, .denied = 1, .results = {{{true, 0}, {.count = 2}}, {{false, 1}, {.count = 1, .ended = 1}}}};
  const CapabilityChecks rest = {
      .granted = 1, .denied = 2, .results = {{{true, 2}, {.count = 1}}, {{false, 1}, {.count = 2, .ended = 1}}}};
  CapabilityChecks whole;
  AddChecks(part, whole);
  AddChecks(rest, whole);
  EXPECT_EQ(whole.granted, 3u);
  EXPECT_EQ(whole.results.at({false, 1}), (ResultCount{.count = 3, .ended = 2}));
  EXPECT_EQ(ChecksBeyond(whole, part), rest);
  EXPECT_EQ(ChecksBeyond(whole, whole), CapabilityChecks{});
  EXPECT_EQ(ChecksBeyond(part, whole), CapabilityChecks{}) << "never less than nothing";
}

TEST(CapabilityChecksTest, AResultOfAnEarlierCheckIsLeftOut) {
  const CapabilityChecks before = {.granted = 1};
  const CapabilityChecks after = {.granted = 1, .results = {{{true, 0}, {.count = 1}}}};
  EXPECT_EQ(ChecksBeyond(after, before), CapabilityChecks{});
}

}  // namespace
}  // namespace syscarve
