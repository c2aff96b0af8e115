// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/unit/image/made_images.h"

namespace syscarve {
namespace {

class RootFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "syscarve-root-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& path, const std::string& content, mode_t mode = 0644) {
    const std::filesystem::path full = std::filesystem::path(root_) / path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full, std::ios::binary) << content;
    ASSERT_EQ(chmod(full.c_str(), mode), 0);
  }

  std::string root_;
};

TEST_F(RootFolder, IsLookedAtAsAContainerSeesIt) {
  Write("usr/bin/su",
        std::string("\x7f"
                    "ELF\0",
                    5),
        04755);
  Write("srv/state", "x", 0666);
  Write("etc/sudoers", "ALL ALL=(ALL) NOPASSWD: ALL\n");
  Write("srv/.wh.state", "no whiteout here");
  const auto image = ScanRootFolder(root_, {});
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_NE(FindRule(*image, "set-id", "usr/bin/su"), nullptr) << Listing(*image);
  EXPECT_NE(FindRule(*image, "world-writable-file", "srv/state"), nullptr);
  EXPECT_NE(FindRule(*image, "sudo-no-password", "etc/sudoers"), nullptr);
  EXPECT_EQ(FindRule(*image, "runs-as-root"), nullptr);  // Nobody knows.
}

TEST_F(RootFolder, NoLinkIsFollowedOutOfIt) {
  Write("inside", "x");
  std::string outside = testing::TempDir() + "syscarve-outside-XXXXXX";
  ASSERT_NE(mkdtemp(outside.data()), nullptr);
  std::ofstream(outside + "/.netrc") << "machine m login l password p\n";
  std::filesystem::create_directory_symlink(outside, root_ + "/root");
  std::filesystem::create_symlink(outside + "/.netrc", root_ + "/.netrc");
  const auto image = ScanRootFolder(root_, {});
  std::filesystem::remove_all(outside);
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_EQ(FindRule(*image, "secret-netrc"), nullptr) << Listing(*image);
}

TEST_F(RootFolder, APipeIsNotWaitedFor) {
  ASSERT_EQ(mkfifo((root_ + "/pipe").c_str(), 0644), 0);
  EXPECT_TRUE(ScanRootFolder(root_, {}).ok());
}

TEST_F(RootFolder, WhatIsTooDeepIsSaidNotToHaveBeenRead) {
  int folder = open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  for (int i = 0; i < 300; ++i) {
    ASSERT_EQ(mkdirat(folder, "d", 0755), 0);
    const int below = openat(folder, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(folder);
    folder = below;
  }
  close(folder);
  const auto image = ScanRootFolder(root_, {});
  ASSERT_TRUE(image.ok()) << image.status();
  EXPECT_FALSE(image->complete);
  EXPECT_NE(FindRule(*image, "not-scanned"), nullptr);
}

TEST_F(RootFolder, OneThatIsNotThereIsAnError) {
  EXPECT_FALSE(ScanRootFolder(root_ + "/none", {}).ok());
}

}  // namespace
}  // namespace syscarve
