// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/leftovers.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "userspace/process/stale_name.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

// A pid that nobody has: of a child that was waited for.
std::string DeadPid() {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  waitpid(child, nullptr, 0);
  return std::to_string(child);
}

TEST(StaleNameTest, IsTheNameOfAProcessThatIsGone) {
  const std::string dead = DeadPid();
  EXPECT_TRUE(IsOfTheDead("syscarve." + dead + ".00ff", "syscarve."));
  EXPECT_FALSE(IsOfTheDead("syscarve." + std::to_string(getpid()) + ".00ff", "syscarve."));
  for (const char* const name : {"syscarve.", "syscarve.x", "syscarve.-1.a", "syscarve.0.a", "other.1.a", ""}) {
    EXPECT_FALSE(IsOfTheDead(name, "syscarve.")) << name;
  }
}

TEST(LeftoversTest, FindsWhatDeadRecordersLeftInTheRuntimeFolder) {
  std::string folder = testing::TempDir() + "syscarve-leftovers-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  const std::string dead = DeadPid();
  const std::string alive = std::to_string(getpid());
  fs::create_directory(folder + "/syscarve-mark." + dead + ".abc");
  fs::create_directory(folder + "/syscarve-mark." + alive + ".abc");
  std::ofstream(folder + "/r.json.partial") << "{}";
  fs::create_symlink(folder + "/r.json.partial", folder + "/syscarve-checkpoint." + dead + ".1");
  fs::create_symlink(folder + "/r.json.partial", folder + "/syscarve-checkpoint." + alive + ".1");
  fs::create_symlink(folder + "/gone", folder + "/syscarve-checkpoint." + dead + ".2");
  fs::create_symlink("/dev/null", folder + "/syscarve-checkpoint." + dead + ".3");
  std::vector<Leftover> found = FindLeftovers(folder);
  std::erase_if(found, [](const Leftover& left) { return left.kind == Leftover::Kind::kCgroup; });  // This host's.
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].kind, Leftover::Kind::kCheckpoint);
  EXPECT_EQ(found[0].path, folder + "/r.json.partial");
  EXPECT_EQ(found[0].mark, folder + "/syscarve-checkpoint." + dead + ".1");
  EXPECT_EQ(found[1].kind, Leftover::Kind::kMarkFolder);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace syscarve
