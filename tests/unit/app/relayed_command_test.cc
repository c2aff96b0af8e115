// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/relayed_command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <utility>

#include "tests/unit/app/job_test.h"
#include "userspace/base/concat.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

using testing::ElementsAre;

TEST(WithEngineTest, TheRelayIsTheOnlyEngine) {
  Command command;
  command.path = "/bin/sh";
  command.environment = {
      "PATH=/bin",    "DOCKER_HOST=tcp://other",        "DOCKER_CONTEXT=other", "DOCKER_TLS_VERIFY=1",
      "DOCKER_TLS=1", "DOCKER_CERT_PATH=/certificates", "DOCKER_CONFIG=/kept",  "DOCKER_HOST=unix:///two"};
  const Command changed = WithEngine(command, "/run/relay.sock");
  EXPECT_EQ(changed.path, "/bin/sh");
  EXPECT_THAT(changed.environment,
              ElementsAre("PATH=/bin", "DOCKER_CONFIG=/kept", "DOCKER_HOST=unix:///run/relay.sock"));
}

class WorkFolderTest : public JobTest {
 protected:
  static mode_t ModeOf(const std::string& path) {
    struct stat info = {};
    EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
    return info.st_mode & 07777;
  }
  // A pid of no process: of a child that was reaped.
  static pid_t DeadPid() {
    const pid_t pid = fork();
    if (pid == 0) _exit(0);
    waitpid(pid, nullptr, 0);
    return pid;
  }
};

TEST_F(WorkFolderTest, NobodyElseLooksIntoItAndItGoesWithItsOwner) {
  {
    const auto folder = WorkFolder::Make(/*others_pass=*/false, folder_);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_TRUE(folder->path().starts_with(Concat(folder_, "/syscarve-verify.", getpid(), ".")));
    EXPECT_EQ(ModeOf(folder->path()), 0700U);
    EXPECT_EQ(ModeOf(folder->recordings()), 0700U);
    Write(Concat(folder->path().substr(folder_.size() + 1), "/recordings/1/web.recording.json"), "{}");
  }
  EXPECT_TRUE(In().empty());
}

TEST_F(WorkFolderTest, OthersPassButDoNotLook) {
  const auto folder = WorkFolder::Make(/*others_pass=*/true, folder_);
  ASSERT_TRUE(folder.ok()) << folder.status();
  EXPECT_EQ(ModeOf(folder->path()), 0711U);
  EXPECT_EQ(ModeOf(folder->recordings()), 0700U);
}

TEST_F(WorkFolderTest, AMovedOneGoesWithItsNewOwner) {
  std::optional<WorkFolder> kept;
  {
    auto folder = WorkFolder::Make(/*others_pass=*/false, folder_);
    ASSERT_TRUE(folder.ok()) << folder.status();
    kept.emplace(*std::move(folder));
  }
  EXPECT_EQ(ModeOf(kept->recordings()), 0700U);
  kept.reset();
  EXPECT_TRUE(In().empty());
}

TEST_F(WorkFolderTest, WhatKilledOwnersLeftIsRemoved) {
  const std::string stale = Concat("syscarve-verify.", DeadPid(), ".abcdef");
  const std::string running = Concat("syscarve-verify.", getppid(), ".abcdef");
  const std::string others = Concat("other.", DeadPid(), ".abcdef");
  Write(stale + "/recordings/1/web.recording.json", "{}");
  Write(running + "/recordings/1/web.recording.json", "{}");
  Write(others + "/file", "");
  {
    const auto folder = WorkFolder::Make(/*others_pass=*/false, folder_);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_EQ(In().size(), 3U);
  }
  EXPECT_EQ(In(), (std::set<std::string>{running, others}));
}

TEST_F(WorkFolderTest, WhereItCannotBeMadeIsSaid) {
  const absl::Status status = WorkFolder::Make(/*others_pass=*/false, Path("none")).status();
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(Path("none/syscarve-verify.")));
}

// A child below this process that has executed `program`, or, with "", is a fork of ours.
class ChildBelow {
 public:
  explicit ChildBelow(const char* program) {
    int running[2];
    EXPECT_EQ(pipe2(running, O_CLOEXEC), 0);
    const UniqueFd executed(running[0]);
    UniqueFd ours(running[1]);
    pid_ = fork();
    if (pid_ == 0) {
      if (*program != '\0') execl(program, program, "1000", nullptr);
      ours.reset();
      for (;;) pause();
    }
    ours.reset();
    char byte;
    EXPECT_EQ(read(executed.get(), &byte, 1), 0);
  }
  ChildBelow(const ChildBelow&) = delete;
  ChildBelow& operator=(const ChildBelow&) = delete;
  ~ChildBelow() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  // Until it has ended, and is still to be reaped. The signal that ended it.
  int WaitForEnd() const {
    siginfo_t info = {};
    waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
    return info.si_status;
  }
  bool Runs() const { return waitpid(pid_, nullptr, WNOHANG) == 0; }

 private:
  pid_t pid_ = 0;
};

TEST(BelowTest, WhatIsOfOurOwnMakingDoesNotCount) {
  EXPECT_EQ(CountBelow(getpid()), 0U);
  const ChildBelow ours("");
  EXPECT_EQ(CountBelow(getpid()), 0U);
  const ChildBelow commands("/bin/sleep");
  EXPECT_EQ(CountBelow(getpid()), 1U);
}

TEST(BelowTest, OnlyWhatTheCommandStartedIsEnded) {
  const ChildBelow ours("");
  const ChildBelow commands("/bin/sleep");
  EndBelow(getpid());
  EXPECT_EQ(commands.WaitForEnd(), SIGKILL);
  // One that is still to be reaped has ended.
  EXPECT_EQ(CountBelow(getpid()), 0U);
  EXPECT_TRUE(ours.Runs());
}

}  // namespace
}  // namespace syscarve
