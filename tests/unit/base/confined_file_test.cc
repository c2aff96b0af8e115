// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/confined_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace syscarve {
namespace {

namespace fs = std::filesystem;

class ConfinedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "syscarve-confined-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    root_ = base_ + "/allowed";
    ASSERT_TRUE(fs::create_directories(root_ + "/sub"));
    ASSERT_TRUE(fs::create_directories(base_ + "/outside"));
    Put(base_ + "/outside/secret", "secret");
  }
  void TearDown() override { fs::remove_all(base_); }

  void Put(const std::string& path, std::string_view content) const { std::ofstream(path) << content; }
  std::string Content(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  absl::Status Write(const std::string& below, std::string_view content) const {
    SYSCARVE_ASSIGN_OR_RETURN(const ConfinedOutput output, ConfinedOutput::Open(root_, below));
    return output.Write(content, 0644);
  }
  size_t Entries(const std::string& folder) const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }

  std::string base_;
  std::string root_;
};

TEST_F(ConfinedFileTest, WritesAndReplacesAndLeavesNothingElse) {
  const mode_t mask = umask(077);
  EXPECT_TRUE(Write("a", "one").ok());
  EXPECT_TRUE(Write("sub/b", "two").ok());
  EXPECT_TRUE(Write("sub/b", "three").ok());
  umask(mask);
  EXPECT_EQ(Content(root_ + "/a"), "one");
  EXPECT_EQ(Content(root_ + "/sub/b"), "three");
  EXPECT_EQ(Entries(root_ + "/sub"), 1u);
  struct stat info;
  ASSERT_EQ(stat((root_ + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0644u);
}

TEST_F(ConfinedFileTest, OpeningForOutputCreatesNothing) {
  EXPECT_TRUE(ConfinedOutput::Open(root_, "a").ok());
  EXPECT_EQ(Entries(root_), 1u);
}

TEST_F(ConfinedFileTest, NoPathLeadsOut) {
  fs::create_symlink(base_ + "/outside", root_ + "/link");
  fs::create_symlink("../outside", root_ + "/relative");
  fs::create_symlink("sub", root_ + "/inside");
  fs::create_symlink(base_ + "/outside/secret", root_ + "/file");
  for (const char* below :
       {"link/secret", "relative/secret", "inside/b", "file", "../outside/secret", "sub/../../outside/secret"}) {
    EXPECT_EQ(ReadConfinedFile(root_, below, 100).status().code(), absl::StatusCode::kPermissionDenied) << below;
    EXPECT_EQ(Write(below, "x").code(), absl::StatusCode::kPermissionDenied) << below;
  }
  EXPECT_EQ(Content(base_ + "/outside/secret"), "secret");
  EXPECT_EQ(Entries(base_ + "/outside"), 1u);
}

TEST_F(ConfinedFileTest, AnAbsolutePathBelowIsRefused) {
  EXPECT_FALSE(ReadConfinedFile(root_, base_ + "/outside/secret", 100).ok());
  EXPECT_FALSE(Write(base_ + "/outside/secret", "x").ok());
  EXPECT_EQ(Content(base_ + "/outside/secret"), "secret");
}

TEST_F(ConfinedFileTest, OnlyRegularFilesAreReadAndReplaced) {
  ASSERT_EQ(mkfifo((root_ + "/pipe").c_str(), 0600), 0);
  EXPECT_FALSE(ReadConfinedFile(root_, "pipe", 100).ok());
  EXPECT_FALSE(ReadConfinedFile(root_, "sub", 100).ok());
  EXPECT_EQ(Write("pipe", "x").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Write("sub", "x").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_TRUE(fs::is_fifo(root_ + "/pipe"));
}

TEST_F(ConfinedFileTest, AFileOfAnotherUserStays) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to make a file of another user";
  Put(root_ + "/theirs", "theirs");
  ASSERT_EQ(chown((root_ + "/theirs").c_str(), 65534, 65534), 0);
  EXPECT_EQ(Write("theirs", "ours").code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Content(root_ + "/theirs"), "theirs");
}

TEST_F(ConfinedFileTest, AHardLinkIsReplacedNotWrittenThrough) {
  fs::create_hard_link(base_ + "/outside/secret", root_ + "/hard");
  EXPECT_TRUE(Write("hard", "ours").ok());
  EXPECT_EQ(Content(base_ + "/outside/secret"), "secret");
  EXPECT_EQ(Content(root_ + "/hard"), "ours");
}

// The folder is held, so that nobody can turn the path elsewhere between the check and the write.
TEST_F(ConfinedFileTest, AnExchangedFolderDoesNotMisleadTheWrite) {
  const auto output = ConfinedOutput::Open(root_, "sub/a");
  ASSERT_TRUE(output.ok()) << output.status();
  fs::rename(root_ + "/sub", root_ + "/moved");
  fs::create_symlink(base_ + "/outside", root_ + "/sub");
  EXPECT_TRUE(output->Write("x", 0644).ok());
  EXPECT_EQ(Content(root_ + "/moved/a"), "x");
  EXPECT_EQ(Entries(base_ + "/outside"), 1u);
}

TEST_F(ConfinedFileTest, ALinkThatAppearsBeforeTheWriteIsRefused) {
  const auto output = ConfinedOutput::Open(root_, "a");
  ASSERT_TRUE(output.ok()) << output.status();
  fs::create_symlink(base_ + "/outside/secret", root_ + "/a");
  EXPECT_EQ(output->Write("x", 0644).code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(Content(base_ + "/outside/secret"), "secret");
}

TEST_F(ConfinedFileTest, MissingFoldersAndDirectoriesAreNotMade) {
  EXPECT_EQ(Write("none/a", "x").code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ConfinedOutput::Open(root_ + "/none", "a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(ReadConfinedFile(root_, "none", 100).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ConfinedFileTest, ReadsUpToTheLimit) {
  Put(root_ + "/four", "1234");
  EXPECT_EQ(ReadConfinedFile(root_, "four", 4).value_or("?"), "1234");
  EXPECT_EQ(ReadConfinedFile(root_, "four", 3).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ConfinedFileTest, TrustsOnlyFilesThatNobodyElseCouldWrite) {
  const std::string path = root_ + "/config";
  Put(path, "{}");
  for (const mode_t mode : {0600u, 0644u, 0444u}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_EQ(ReadTrustedFile(path, geteuid(), 100).value_or("?"), "{}") << mode;
  }
  for (const mode_t mode : {0664u, 0646u, 0622u}) {
    ASSERT_EQ(chmod(path.c_str(), mode), 0);
    EXPECT_EQ(ReadTrustedFile(path, geteuid(), 100).status().code(), absl::StatusCode::kPermissionDenied) << mode;
  }
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  if (geteuid() == 0) {
    ASSERT_EQ(chown(path.c_str(), 65534, 0), 0);
    EXPECT_EQ(ReadTrustedFile(path, 0, 100).status().code(), absl::StatusCode::kPermissionDenied);
  }
  EXPECT_EQ(ReadTrustedFile(root_ + "/none", 0, 100).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace syscarve
