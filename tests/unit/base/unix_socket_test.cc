// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

namespace syscarve {
namespace {

TEST(UnixAddressTest, TakesWhatTheKernelTakes) {
  const std::string longest(sizeof(sockaddr_un::sun_path) - 1, 'a');
  const auto address = UnixAddress(longest);
  ASSERT_TRUE(address.ok()) << address.status();
  EXPECT_EQ(address->sun_family, AF_UNIX);
  EXPECT_EQ(std::string(address->sun_path), longest);
  EXPECT_TRUE(absl::IsInvalidArgument(UnixAddress(longest + "a").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(UnixAddress("").status()));
}

}  // namespace
}  // namespace syscarve
