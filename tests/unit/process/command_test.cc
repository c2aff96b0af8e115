// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/command.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace syscarve {
namespace {

// Sets a variable and puts the old value back.
class ScopedVariable {
 public:
  ScopedVariable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value == nullptr ? unsetenv(name) : setenv(name, value, 1);
  }
  ~ScopedVariable() { old_.has_value() ? setenv(name_, old_->c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::optional<std::string> old_;
};

class CommandTest : public testing::Test {
 protected:
  CommandTest() {
    std::string pattern = testing::TempDir() + "/command_test.XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~CommandTest() override { std::filesystem::remove_all(folder_); }

  std::string WriteScript(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = folder_ + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    return path;
  }

  // Runs `command` as a recorder would and returns its shell status.
  static int RunToEnd(const Command& command) {
    const ExecImage image(command);
    const pid_t child = fork();
    if (child == 0) {
      ExecImage::ResetSignals();
      if (image.AssumeIdentity() != 0) _exit(99);
      _exit(image.Exec() == ENOENT ? kExitNotFound : kExitCannotExecute);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return ShellStatus(status);
  }

  std::string folder_;
};

bool Has(const std::vector<std::string>& environment, const std::string& entry) {
  return std::ranges::find(environment, entry) != environment.end();
}

bool HasName(const std::vector<std::string>& environment, const std::string& name) {
  return std::ranges::any_of(environment, [&](const std::string& entry) { return entry.starts_with(name + "="); });
}

TEST_F(CommandTest, SearchesPathInOrder) {
  WriteScript("a/tool", "#!/bin/sh\n", 0644);
  const std::string good = WriteScript("b/tool", "#!/bin/sh\n", 0755);
  WriteScript("c/tool", "#!/bin/sh\n", 0755);
  const ScopedVariable path("PATH", (folder_ + "/none:" + folder_ + "/a:" + folder_ + "/b:" + folder_ + "/c").c_str());
  const auto command = ResolveCommand({"tool", "-x"}, std::nullopt);
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->path, good);
  EXPECT_EQ(command->argv, (std::vector<std::string>{"tool", "-x"}));
}

TEST_F(CommandTest, EmptyPathComponentIsTheCurrentFolder) {
  WriteScript("tool", "#!/bin/sh\n", 0755);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder_);
  const ScopedVariable path("PATH", "/none:");
  const auto command = ResolveCommand({"tool"}, std::nullopt);
  std::filesystem::current_path(before);
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->path, "./tool");
}

TEST_F(CommandTest, TellsMissingFromNotExecutable) {
  const std::string plain = WriteScript("a/plain", "#!/bin/sh\n", 0644);
  const ScopedVariable path("PATH", (folder_ + "/a").c_str());
  const auto code = [](const std::string& name) {
    return ExitCodeForCommandError(ResolveCommand({name}, std::nullopt).status());
  };
  EXPECT_EQ(code("no-such-tool"), 127);
  EXPECT_EQ(code(folder_ + "/no/such/tool"), 127);
  EXPECT_EQ(code(plain + "/under-a-file"), 127);
  EXPECT_EQ(code(""), 127);
  EXPECT_EQ(code("plain"), 126);
  EXPECT_EQ(code(plain), 126);
  EXPECT_EQ(code(folder_), 126);
}

TEST_F(CommandTest, NobodyElseByDefault) {
  const ScopedVariable uid("SUDO_UID", nullptr);
  const auto identity = ResolveIdentity(std::nullopt);
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_FALSE(identity->has_value());
}

TEST_F(CommandTest, AskingForOneselfChangesNothing) {
  const auto identity = ResolveIdentity(std::to_string(geteuid()) + ":" + std::to_string(getegid()));
  ASSERT_TRUE(identity.ok()) << identity.status();
  EXPECT_FALSE(identity->has_value());
}

TEST_F(CommandTest, RefusesUnknownUsers) {
  for (const char* user : {"", ":", "no such user", "0x1", "-1", "4294967295", "4294967296", "0:", "0:no such group"}) {
    EXPECT_FALSE(ResolveIdentity(user).ok()) << user;
  }
}

TEST_F(CommandTest, SudoMeansWhoCalledIt) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  const ScopedVariable gid("SUDO_GID", "23457");
  const ScopedVariable user("SUDO_USER", "someone");
  {
    const ScopedVariable uid("SUDO_UID", "23456");
    const auto identity = ResolveIdentity(std::nullopt);
    ASSERT_TRUE(identity.ok() && identity->has_value()) << identity.status();
    EXPECT_EQ((*identity)->uid, 23456u);
    EXPECT_EQ((*identity)->gid, 23457u);
    EXPECT_EQ((*identity)->groups, (std::vector<gid_t>{23457}));
    const auto command = ResolveCommand({"/bin/sh"}, *identity);
    ASSERT_TRUE(command.ok()) << command.status();
    EXPECT_TRUE(Has(command->environment, "HOME=/"));
    for (const char* name : {"USER", "LOGNAME", "SHELL", "SUDO_UID", "SUDO_GID", "SUDO_USER"}) {
      EXPECT_FALSE(HasName(command->environment, name)) << name;
    }
    EXPECT_FALSE(ResolveIdentity("root")->has_value());
  }
  {
    const ScopedVariable uid("SUDO_UID", "0");
    EXPECT_FALSE(ResolveIdentity(std::nullopt)->has_value());
  }
  {
    const ScopedVariable uid("SUDO_UID", "12x");
    EXPECT_FALSE(ResolveIdentity(std::nullopt).ok());
  }
}

TEST_F(CommandTest, TakesOnTheIdentity) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root";
  chmod(folder_.c_str(), 0755);
  const auto identity = ResolveIdentity("nobody");
  ASSERT_TRUE(identity.ok() && identity->has_value()) << identity.status();
  const std::string script = "test \"$(id -un)\" = nobody && test \"$(id -u)\" = " + std::to_string((*identity)->uid) +
                             " && test \"$(id -G)\" = " + std::to_string((*identity)->gid) +
                             " && test \"$USER\" = nobody";
  const auto command = ResolveCommand({"sh", "-c", script}, *identity);
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(RunToEnd(*command), 0);
}

TEST_F(CommandTest, OnlyRootChangesTheUser) {
  const pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) _exit(1);
    _exit(ResolveIdentity("root").status().code() == absl::StatusCode::kPermissionDenied ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(ShellStatus(status), 0);
}

TEST_F(CommandTest, AFileWithoutAFormatIsAShellScript) {
  const std::string script = WriteScript("script", "test \"$1\" = 'two words' && exit 23\n", 0755);
  const auto command = ResolveCommand({script, "two words"}, std::nullopt);
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(RunToEnd(*command), 23);
}

TEST_F(CommandTest, SignalsAreAsTheCallersWere) {
  // Ignored before us: stays so. SIGPIPE: ours, back to its default. Blocked by us: not blocked.
  struct sigaction old_hangup, old_pipe, ignore = {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGHUP, &ignore, &old_hangup);
  sigaction(SIGPIPE, &ignore, &old_pipe);
  sigset_t blocked, old_mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  sigprocmask(SIG_BLOCK, &blocked, &old_mask);
  const auto status = [&](const char* signal) {
    return RunToEnd(*ResolveCommand({"sh", "-c", std::string("kill -s ") + signal + " $$; exit 7"}, std::nullopt));
  };
  EXPECT_EQ(status("HUP"), 7);
  EXPECT_EQ(status("PIPE"), 128 + SIGPIPE);
  EXPECT_EQ(status("TERM"), 128 + SIGTERM);
  sigprocmask(SIG_SETMASK, &old_mask, nullptr);
  sigaction(SIGHUP, &old_hangup, nullptr);
  sigaction(SIGPIPE, &old_pipe, nullptr);
}

}  // namespace
}  // namespace syscarve
