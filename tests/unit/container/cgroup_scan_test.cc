// SPDX-License-Identifier: Apache-2.0
#include "userspace/container/cgroup_scan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace syscarve {
namespace {

class CgroupScanTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/cgroup-scan-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Make(const std::string& cgroup, bool populated) {
    std::filesystem::create_directories(root_ + cgroup);
    std::ofstream(root_ + cgroup + "/cgroup.events") << "populated " << (populated ? 1 : 0) << "\nfrozen 0\n";
  }

  std::string root_;
};

TEST_F(CgroupScanTest, FindsRunningContainersOfEveryDriver) {
  const std::string a(64, 'a');
  const std::string b(64, 'b');
  const std::string c(64, 'c');
  Make("/docker", true);
  Make("/docker/" + a, true);
  Make("/docker/" + a + "/docker", true);
  Make("/docker/" + a + "/docker/" + b, true);  // An engine inside the container: the container's own.
  Make("/docker/" + b, false);                  // Nobody in it.
  Make("/system.slice", true);
  Make("/system.slice/docker-" + c + ".scope", true);
  Make("/system.slice/crio-conmon-" + c + ".scope", true);
  Make("/system.slice/ssh.service", true);
  EXPECT_EQ(FindRunningContainers(root_),
            (std::vector<std::string>{"/docker/" + a, "/system.slice/docker-" + c + ".scope"}));
}

TEST_F(CgroupScanTest, FollowsNoLinkAndSurvivesNothing) {
  Make("/docker", true);
  std::filesystem::create_directory_symlink(root_, root_ + "/docker/loop");
  EXPECT_TRUE(FindRunningContainers(root_).empty());
  EXPECT_TRUE(FindRunningContainers(root_ + "/missing").empty());
}

}  // namespace
}  // namespace syscarve
