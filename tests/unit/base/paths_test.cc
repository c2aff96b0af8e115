// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/paths.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

TEST(IsWithin, GoesByWholeParts) {
  EXPECT_TRUE(IsWithin("/run", "/run"));
  EXPECT_TRUE(IsWithin("/run/a", "/run"));
  EXPECT_FALSE(IsWithin("/running", "/run"));
  EXPECT_TRUE(IsWithin("/run", "/"));
}

}  // namespace
}  // namespace syscarve
