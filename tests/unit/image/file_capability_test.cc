// SPDX-License-Identifier: Apache-2.0
#include "userspace/image/file_capability.h"

#include <gtest/gtest.h>

#include "tests/unit/image/made_images.h"

namespace syscarve {
namespace {

TEST(FileCapability, IsDecodedWithTheNames) {
  const auto capabilities = DecodeFileCapabilities(CapabilityBytes(1ULL << 13 | 1ULL << 40));
  ASSERT_TRUE(capabilities.has_value());
  EXPECT_EQ(capabilities->permitted, (std::vector<int>{13, 40}));
  EXPECT_TRUE(capabilities->effective);
  EXPECT_EQ(FileCapabilityWords(*capabilities), "CAP_NET_RAW, CAP_CHECKPOINT_RESTORE");
}

TEST(FileCapability, RevisionThreeHasAUser) {
  std::string bytes = CapabilityBytes(1ULL << 10);
  bytes[3] = 3;
  bytes += std::string("\xe8\x03\0\0", 4);
  const auto capabilities = DecodeFileCapabilities(bytes);
  ASSERT_TRUE(capabilities.has_value());
  EXPECT_EQ(capabilities->root, 1000U);
}

TEST(FileCapability, WhatIsCutOrOfAnotherRevisionIsRefused) {
  const std::string bytes = CapabilityBytes(1);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeFileCapabilities(std::string_view(bytes).substr(0, size)).has_value()) << size;
  }
  std::string newer = bytes;
  newer[3] = 4;
  EXPECT_FALSE(DecodeFileCapabilities(newer).has_value());
}

}  // namespace
}  // namespace syscarve
