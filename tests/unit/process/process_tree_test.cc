// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/process_tree.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace syscarve {
namespace {

using std::chrono::seconds;

// A child that forks a grandchild; both wait for ever and ignore SIGTERM. Returns when both are there.
struct Family {
  pid_t child = 0;
  pid_t grandchild = 0;
};

Family StartFamily() {
  int pipe_fds[2];
  if (pipe(pipe_fds) != 0) return {};
  Family family;
  family.child = fork();
  if (family.child == 0) {
    signal(SIGTERM, SIG_IGN);
    // A name like this must not confuse whoever reads /proc/PID/stat.
    prctl(PR_SET_NAME, "a) Z 1 (b\n");
    const pid_t grandchild = fork();
    if (grandchild != 0 && write(pipe_fds[1], &grandchild, sizeof(grandchild)) < 0) _exit(1);
    while (true) pause();
  }
  close(pipe_fds[1]);
  if (read(pipe_fds[0], &family.grandchild, sizeof(family.grandchild)) < 0) family = {};
  close(pipe_fds[0]);
  return family;
}

bool Contains(const std::vector<ProcessInfo>& processes, pid_t pid) {
  return std::ranges::find(processes, pid, &ProcessInfo::pid) != processes.end();
}

TEST(ProcessTreeTest, FindsAndEndsTheWholeTree) {
  const SubreaperScope subreaper;
  const Family family = StartFamily();
  ASSERT_GT(family.grandchild, 0);
  const std::vector<ProcessInfo> found = FindDescendants(getpid());
  EXPECT_TRUE(Contains(found, family.child));
  EXPECT_TRUE(Contains(found, family.grandchild));
  EXPECT_TRUE(IsDescendant(family.grandchild, getpid()));
  EXPECT_FALSE(IsDescendant(getpid(), family.child));
  EXPECT_FALSE(IsDescendant(1, getpid()));

  const KillResult end = EndDescendants(seconds(10));
  EXPECT_EQ(end.ended, 2u);
  EXPECT_EQ(end.left, 0u);
  EXPECT_TRUE(FindDescendants(getpid()).empty());
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(ProcessTreeTest, AnOrphanComesToTheSubreaper) {
  const SubreaperScope subreaper;
  const Family family = StartFamily();
  ASSERT_GT(family.grandchild, 0);
  kill(family.child, SIGKILL);
  ASSERT_EQ(waitpid(family.child, nullptr, 0), family.child);
  const auto orphan = ReadProcess(family.grandchild);
  ASSERT_TRUE(orphan.has_value());
  EXPECT_EQ(orphan->parent, getpid());
  EXPECT_EQ(EndDescendants(seconds(10)).ended, 1u);
}

TEST(ProcessTreeTest, TheDeadAreNotEnded) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t info;
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  ASSERT_TRUE(ReadProcess(child).has_value());
  EXPECT_TRUE(ReadProcess(child)->dead);
  EXPECT_EQ(EndDescendants(seconds(10)).ended, 0u);
  EXPECT_FALSE(ReadProcess(child).has_value());
}

TEST(ProcessTreeTest, TheScopePutsBackWhatWas) {
  int before = 0, inside = 0, after = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &before);
  {
    const SubreaperScope subreaper;
    prctl(PR_GET_CHILD_SUBREAPER, &inside);
  }
  prctl(PR_GET_CHILD_SUBREAPER, &after);
  EXPECT_EQ(inside, 1);
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace syscarve
