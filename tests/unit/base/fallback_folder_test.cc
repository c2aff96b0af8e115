// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/fallback_folder.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "userspace/base/file.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

class FallbackFolderTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "syscarve-fallback-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    place_ = pattern;
  }
  void TearDown() override { fs::remove_all(place_); }

  std::string place_;
};

TEST_F(FallbackFolderTest, KeepsInAFolderThatIsItsOwn) {
  FallbackFolder folder(std::nullopt, {place_ + "/missing", place_});
  EXPECT_TRUE(fs::is_empty(place_));
  const auto first = folder.Keep("a.json", "alpha");
  const auto second = folder.Keep("b.json", "beta");
  ASSERT_TRUE(first.ok() && second.ok()) << first.status() << second.status();
  EXPECT_EQ(*ReadFile(*first, 10), "alpha");
  EXPECT_EQ(*ReadFile(*second, 10), "beta");
  EXPECT_EQ(fs::path(*first).parent_path(), fs::path(*second).parent_path());
  EXPECT_EQ(fs::path(*first).parent_path().parent_path(), place_);
  struct stat info;
  ASSERT_EQ(stat(first->c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(fs::path(*first).parent_path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(FallbackFolderTest, WritesThroughNothingThatIsThere) {
  FallbackFolder folder(std::nullopt, {place_});
  const auto first = folder.Keep("a", "1");
  ASSERT_TRUE(first.ok());
  const fs::path own = fs::path(*first).parent_path();
  fs::create_symlink(place_ + "/victim", own / "planted");
  EXPECT_FALSE(folder.Keep("planted", "2").ok());
  EXPECT_FALSE(folder.Keep("a", "2").ok());
  EXPECT_FALSE(fs::exists(place_ + "/victim"));
  EXPECT_EQ(*ReadFile(*first, 10), "1");
}

TEST_F(FallbackFolderTest, LeavesNothingOfWhatCouldNotBeKept) {
  rlimit saved;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &saved), 0);
  const auto saved_handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 4096, .rlim_max = saved.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  FallbackFolder folder(std::nullopt, {place_});
  const auto large = folder.Keep("large", std::string(8192, 'x'));
  const bool left = !fs::is_empty(place_);
  const auto small_one = folder.Keep("small", "x");
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &saved), 0);
  signal(SIGXFSZ, saved_handler);
  EXPECT_FALSE(large.ok());
  EXPECT_FALSE(left);
  EXPECT_TRUE(small_one.ok()) << small_one.status();
}

TEST(RuntimeFoldersTest, TakesNoRelativeFolderAndNoneOfTheUsersForRoot) {
  setenv("XDG_RUNTIME_DIR", "/somebody", 1);
  setenv("TMPDIR", "relative", 1);
  const std::string first = geteuid() == 0 ? "/run" : "/somebody";
  EXPECT_EQ(RuntimeFolders(), (std::vector<std::string>{first, "/tmp"}));
  unsetenv("XDG_RUNTIME_DIR");
  unsetenv("TMPDIR");
}

}  // namespace
}  // namespace syscarve
