// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_target.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

TEST(ProfileTargetTest, KernelVersionsAreTwoNumbers) {
  EXPECT_EQ(KernelVersionFromText("4.8"), (KernelVersion{4, 8}));
  EXPECT_EQ(KernelVersionFromText("6.18"), (KernelVersion{6, 18}));
  for (const char* text : {"", "4", "4.", ".8", "4.8.1", "4.8-rc1", " 4.8", "-4.8", "4.99999999999"}) {
    EXPECT_EQ(KernelVersionFromText(text), std::nullopt) << text;
  }
  EXPECT_LT((KernelVersion{4, 8}), (KernelVersion{4, 10}));
  EXPECT_LT((KernelVersion{4, 20}), (KernelVersion{5, 0}));
}

TEST(ProfileTargetTest, AReleaseBeginsWithItsVersion) {
  EXPECT_EQ(KernelVersionFromRelease("6.18.44"), (KernelVersion{6, 18}));
  EXPECT_EQ(KernelVersionFromRelease("5.15-custom"), (KernelVersion{5, 15}));
  EXPECT_EQ(KernelVersionFromRelease("6.1"), (KernelVersion{6, 1}));
  for (const char* text : {"", "6", "custom", "6.x"}) EXPECT_EQ(KernelVersionFromRelease(text), std::nullopt) << text;
}

TEST(ProfileTargetTest, EngineNamesGoBothWays) {
  for (const Abi abi : kAllAbis) EXPECT_EQ(AbiFromEngineArchName(EngineArchName(abi)), abi);
  EXPECT_EQ(AbiFromEngineArchName("arm64"), Abi::kAarch64);
  EXPECT_EQ(AbiFromEngineArchName("x86_64"), std::nullopt);
}

TEST(ProfileTargetTest, AnEngineGivesFourteenCapabilities) {
  EXPECT_EQ(DefaultEngineCapabilities().size(), 14u);
  EXPECT_TRUE(DefaultEngineCapabilities().contains(CapabilityFromName("CAP_SYS_CHROOT").value()));
  EXPECT_FALSE(DefaultEngineCapabilities().contains(CapabilityFromName("CAP_SYS_ADMIN").value()));
}

TEST(ProfileTargetTest, ThreeKernelsAskFiltersAboutUretprobe) {
  for (const char* version : {"6.11", "6.12", "6.13"}) EXPECT_TRUE(FiltersUretprobe(*KernelVersionFromText(version)));
  for (const char* version : {"5.11", "6.10", "6.14", "7.0"}) {
    EXPECT_FALSE(FiltersUretprobe(*KernelVersionFromText(version))) << version;
  }
}

}  // namespace
}  // namespace syscarve
