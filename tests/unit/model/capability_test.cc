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

}  // namespace
}  // namespace syscarve
