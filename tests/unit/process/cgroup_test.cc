// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/cgroup.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

TEST(ParseCgroup2Mount, FindsTheMountWhereverItIs) {
  constexpr char kHybrid[] =
      "25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
      "31 25 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
      "32 25 0:28 / /sys/fs/cgroup/unified rw,relatime shared:10 master:3 - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(ParseCgroup2Mount(kHybrid), "/sys/fs/cgroup/unified");
  EXPECT_EQ(ParseCgroup2Mount("32 25 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n"), "/sys/fs/cgroup");
}

TEST(ParseCgroup2Mount, DecodesTheMountPoint) {
  EXPECT_EQ(ParseCgroup2Mount("1 2 0:1 / /mnt/a\\040b\\134c rw - cgroup2 none rw"), "/mnt/a b\\c");
}

TEST(ParseCgroup2Mount, IsNotFooledByOtherFields) {
  EXPECT_EQ(ParseCgroup2Mount(""), std::nullopt);
  EXPECT_EQ(ParseCgroup2Mount("1 2 0:1 / /cgroup2 rw - tmpfs cgroup2 rw\n"), std::nullopt);
  EXPECT_EQ(ParseCgroup2Mount("1 2 - cgroup2\n"), std::nullopt);
  EXPECT_EQ(ParseCgroup2Mount("garbage\n\n - - - cgroup2"), std::nullopt);
}

TEST(ParseCgroup1Mounts, FindsAllHierarchies) {
  constexpr char kHybrid[] =
      "31 25 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n"
      "32 25 0:28 / /sys/fs/cgroup/unified rw,relatime shared:10 master:3 - cgroup2 cgroup2 rw\n"
      "33 25 0:29 / /sys/fs/cgroup/cpu\\040x rw,relatime - cgroup cgroup rw,cpu\n";
  EXPECT_EQ(ParseCgroup1Mounts(kHybrid), (std::vector<std::string>{"/sys/fs/cgroup/memory", "/sys/fs/cgroup/cpu x"}));
  EXPECT_TRUE(ParseCgroup1Mounts("32 25 0:28 / /sys/fs/cgroup rw - cgroup2 none rw\n").empty());
}

TEST(ParseCgroup2Path, TakesTheUnifiedLine) {
  EXPECT_EQ(ParseCgroup2Path("12:memory:/docker/x\n0::/docker/abc\n"), "/docker/abc");
  EXPECT_EQ(ParseCgroup2Path("0::/\n"), "/");
  EXPECT_EQ(ParseCgroup2Path("0::/gone (deleted)\n"), "/gone");
  EXPECT_EQ(ParseCgroup2Path("12:memory:/docker/x\n"), std::nullopt);
  EXPECT_EQ(ParseCgroup2Path(""), std::nullopt);
}

}  // namespace
}  // namespace syscarve
