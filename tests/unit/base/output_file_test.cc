// SPDX-License-Identifier: Apache-2.0
// Where the result of long work goes: what is refused before, and what must not wait without end after.
#include "userspace/base/output_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <thread>

namespace syscarve {
namespace {

namespace fs = std::filesystem;

class OutputFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "syscarve-output-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string Path(std::string_view name) const { return folder_ + "/" + std::string(name); }

  std::string folder_;
};

TEST_F(OutputFileTest, APipeThatNobodyReadsIsRefusedAtTheStart) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const absl::Status status = OutputFile::Open(Path("pipe")).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(status.message(),
            "write " + Path("pipe") + ": nobody reads from it. Hint: Start the reader first, or name a file.");
}

TEST_F(OutputFileTest, APipeIsHeldForItsReaderUntilTheWorkIsDone) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  UniqueFd reader(open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto file = OutputFile::Open(Path("pipe"));
  ASSERT_TRUE(file.ok()) << file.status();
  char byte;
  // Not the end of the file: somebody is going to write.
  EXPECT_EQ(read(reader.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  ASSERT_TRUE(file->Write("x", {}).ok());
  EXPECT_EQ(read(reader.get(), &byte, 1), 1);
}

TEST_F(OutputFileTest, AReaderThatDoesNotReadIsWaitedForUntilASignal) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  const UniqueFd reader(open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  const auto file = OutputFile::Open(Path("pipe"));
  ASSERT_TRUE(file.ok()) << file.status();
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd stop(ends[0]);
  const UniqueFd ask(ends[1]);
  ASSERT_EQ(write(ask.get(), "12", 2), 2);
  int asked = 0;
  const StopSignal signal = {.fd = stop.get(), .asked = [&] {
                               char byte;
                               return read(stop.get(), &byte, 1) == 1 && ++asked == 2;
                             }};
  const absl::Status status = file->Write(std::string(1 << 20, 'x'), {.stop = signal});
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 2);
}

TEST_F(OutputFileTest, ABlockingDescriptorDoesNotKeepSignalsOut) {
  int data[2];
  int ask[2];
  ASSERT_EQ(pipe2(data, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(ask, O_CLOEXEC), 0);
  const UniqueFd reader(data[0]), writer(data[1]), stop(ask[0]), asking(ask[1]);
  ASSERT_EQ(write(asking.get(), "1", 1), 1);
  const StopSignal signal = {.fd = stop.get(), .asked = [] { return true; }};
  EXPECT_EQ(WriteAll(writer.get(), std::string(1 << 20, 'x'), "pipe", signal).code(), absl::StatusCode::kCancelled);
}

TEST_F(OutputFileTest, SocketsAndFoldersAreRefusedByName) {
  const UniqueFd listening(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, Path("socket").c_str(), sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(listening.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  for (const absl::Status& status : {OutputFile::Open(Path("socket")).status(), WriteOutput(Path("socket"), "x", {})}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), "write " + Path("socket") + ": it is a socket. Hint: Name a file.");
  }
  EXPECT_FALSE(OutputFile::Open(folder_).ok());
  EXPECT_TRUE(OutputFile::Open("/dev/null").ok());
}

TEST_F(OutputFileTest, AFolderIsMadeForOneGroupAndKeptWhenItIsThere) {
  const mode_t saved = umask(0);
  EXPECT_TRUE(MakeOutputFolder(Path("new"), std::nullopt).ok());
  umask(saved);
  struct stat info;
  ASSERT_EQ(stat(Path("new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0750u);
  ASSERT_EQ(chmod(Path("new").c_str(), 0700), 0);
  EXPECT_TRUE(MakeOutputFolder(Path("new"), UserIds{.uid = geteuid() + 1}).ok());
  ASSERT_EQ(stat(Path("new").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(info.st_uid, geteuid());
  EXPECT_FALSE(MakeOutputFolder(Path("missing/new"), std::nullopt).ok());
}

TEST_F(OutputFileTest, AFileAndAFolderBelongToWhomTheyAreGivenTo) {
  // Nobody but root can give anything away, so that others' stay theirs.
  const uid_t expected = geteuid() == 0 ? 54321 : geteuid();
  const UserIds owner = {.uid = 54321, .gid = 54322};
  ASSERT_TRUE(WriteOutput(Path("f"), "x", {.mode = 0640, .owner = owner}).ok());
  ASSERT_TRUE(MakeOutputFolder(Path("d"), owner).ok());
  struct stat info;
  ASSERT_EQ(stat(Path("f").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, expected);
  EXPECT_EQ(info.st_mode & 0137, 0u);
  ASSERT_EQ(stat(Path("d").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, expected);
  EXPECT_EQ(info.st_mode & 0777, 0750u);
}

TEST_F(OutputFileTest, TheSizeLimitOfItsCallerIsLifted) {
  rlimit saved;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &saved), 0);
  const rlimit small = {.rlim_cur = 4096, .rlim_max = saved.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  LiftFileSizeLimit();
  rlimit now;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &now), 0);
  EXPECT_EQ(now.rlim_cur, saved.rlim_max);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &saved), 0);
}

}  // namespace
}  // namespace syscarve
