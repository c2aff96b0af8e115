// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

std::string FileMessageOf(const absl::Status& status) {
  return std::string(status.message());
}

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "syscarve-file-test-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string Path(std::string_view name) const { return folder_ + "/" + std::string(name); }
  void Put(const std::string& path, std::string_view content) const { std::ofstream(path) << content; }
  std::string Content(const std::string& path) const {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  size_t FilesInFolder() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }

  std::string folder_;
};

TEST_F(FileTest, ReadsWhatWasWritten) {
  const std::string content("a\0b\n\xff", 5);
  ASSERT_TRUE(WriteFileAtomically(Path("f"), content).ok());
  const auto read = ReadFile(Path("f"), 100);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, content);
  EXPECT_EQ(FilesInFolder(), 1u);
}

TEST_F(FileTest, ReadsUpToTheLimitAndNoFurther) {
  Put(Path("f"), std::string(200000, 'x'));
  EXPECT_EQ(ReadFile(Path("f"), 200000)->size(), 200000u);
  const auto beyond = ReadFile(Path("f"), 199999);
  EXPECT_EQ(beyond.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(FileMessageOf(beyond.status()).find("larger than 199999 bytes"), std::string::npos);
  EXPECT_EQ(ReadFile("/dev/zero", 1000).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FileTest, ReadsAnEmptyFile) {
  Put(Path("f"), "");
  const auto read = ReadFile(Path("f"), 0);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, "");
}

TEST_F(FileTest, ReadErrorsNameThePath) {
  const auto missing = ReadFile(Path("missing\x1b"), 10);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(FileMessageOf(missing.status()), "open " + Path("missing\\x1b") + ": No such file or directory");
  EXPECT_EQ(ReadFile(folder_, 10).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FileTest, ReadsStandardInput) {
  Put(Path("f"), "hello");
  const UniqueFd saved(dup(STDIN_FILENO));
  const UniqueFd file(open(Path("f").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(dup2(file.get(), STDIN_FILENO), STDIN_FILENO);
  const auto read = ReadFile("-", 10);
  ASSERT_EQ(dup2(saved.get(), STDIN_FILENO), STDIN_FILENO);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(*read, "hello");
}

TEST_F(FileTest, WritingReplacesTheOldFile) {
  Put(Path("f"), "old");
  const UniqueFd reader(open(Path("f").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(WriteFileAtomically(Path("f"), "new").ok());
  EXPECT_EQ(Content(Path("f")), "new");
  // Whoever had the old file open still sees all of it.
  char buffer[8] = {};
  EXPECT_EQ(read(reader.get(), buffer, sizeof buffer), 3);
  EXPECT_STREQ(buffer, "old");
}

TEST_F(FileTest, ModeGoesThroughTheUmask) {
  const mode_t saved = umask(027);
  const absl::Status shared = WriteFileAtomically(Path("shared"), "");
  const absl::Status secret = WriteFileAtomically(Path("secret"), "", 0600);
  umask(saved);
  ASSERT_TRUE(shared.ok() && secret.ok());
  struct stat info;
  ASSERT_EQ(stat(Path("shared").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0640u);
  ASSERT_EQ(stat(Path("secret").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
}

TEST_F(FileTest, ASymlinkIsReplacedNotFollowed) {
  Put(Path("target"), "precious");
  fs::create_symlink("target", Path("link"));
  ASSERT_TRUE(WriteFileAtomically(Path("link"), "new").ok());
  EXPECT_EQ(Content(Path("target")), "precious");
  EXPECT_FALSE(fs::is_symlink(Path("link")));
  EXPECT_EQ(Content(Path("link")), "new");
}

TEST_F(FileTest, ASymlinkToADescriptorOrDeviceIsNotFollowedEither) {
  Put(Path("open"), "precious");
  const UniqueFd file(open(Path("open").c_str(), O_RDWR | O_CLOEXEC));
  fs::create_symlink("/proc/self/fd/" + std::to_string(file.get()), Path("to-descriptor"));
  fs::create_symlink("/dev/full", Path("to-device"));
  ASSERT_TRUE(WriteFileAtomically(Path("to-descriptor"), "new").ok());
  ASSERT_TRUE(WriteFileAtomically(Path("to-device"), "new").ok());
  EXPECT_EQ(Content(Path("open")), "precious");
  EXPECT_FALSE(fs::is_symlink(Path("to-descriptor")));
  EXPECT_FALSE(fs::is_symlink(Path("to-device")));
}

TEST_F(FileTest, AFullDiskIsReported) {
  const absl::Status status = WriteFileAtomically("/dev/full", "x");
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(FileMessageOf(status),
            "write /dev/full: No space left on device. Hint: Free some space, or choose another output path.");
}

// A file size limit stands in for the full disk that a test without privileges cannot make.
TEST_F(FileTest, AFailedWriteKeepsTheOldFileAndLeavesNothingBehind) {
  Put(Path("f"), "old");
  rlimit saved;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &saved), 0);
  const auto saved_handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small = {.rlim_cur = 4096, .rlim_max = saved.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status status = WriteFileAtomically(Path("f"), std::string(8192, 'x'));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &saved), 0);
  signal(SIGXFSZ, saved_handler);
  EXPECT_FALSE(status.ok());
  EXPECT_NE(FileMessageOf(status).find(Path("f") + ": File too large. Hint: `ulimit -f`"), std::string::npos) << status;
  EXPECT_EQ(Content(Path("f")), "old");
  EXPECT_EQ(FilesInFolder(), 1u);
}

TEST_F(FileTest, AMissingFolderIsAClearError) {
  const std::string expected =
      "open folder " + Path("no") +
      ": No such file or directory. Hint: Create the folder first, or choose another output path.";
  EXPECT_EQ(FileMessageOf(WriteFileAtomically(Path("no/f"), "x")), expected);
  EXPECT_EQ(FileMessageOf(CheckWritable(Path("no/f"))), expected);
  EXPECT_EQ(CheckWritable(Path("no/f")).code(), absl::StatusCode::kNotFound);
}

TEST_F(FileTest, AFolderCannotBeWritten) {
  for (const std::string& path : {folder_, folder_ + "/", std::string("/")}) {
    const absl::Status status = WriteFileAtomically(path, "x");
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << path;
    EXPECT_NE(FileMessageOf(status).find("Is a directory. Hint: Name a file inside the folder."), std::string::npos);
    EXPECT_EQ(CheckWritable(path), status);
  }
  EXPECT_FALSE(WriteFileAtomically(Path("new/"), "x").ok());
  Put(Path("file"), "x");
  EXPECT_FALSE(WriteFileAtomically(Path("file/inside"), "x").ok());
  EXPECT_FALSE(CheckWritable(Path("file/inside")).ok());
  EXPECT_EQ(WriteFileAtomically("", "x").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckWritable("").code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(FileTest, CheckWritableLeavesNoTrace) {
  EXPECT_TRUE(CheckWritable(Path("f")).ok());
  EXPECT_TRUE(CheckWritable("-").ok());
  EXPECT_TRUE(CheckWritable("/dev/null").ok());
  EXPECT_TRUE(CheckWritable("relative-name").ok());
  EXPECT_EQ(FilesInFolder(), 0u);
}

TEST_F(FileTest, CheckWritableNoticesAFolderWithoutPermission) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write to every folder";
  ASSERT_EQ(chmod(folder_.c_str(), 0500), 0);
  const absl::Status status = CheckWritable(Path("f"));
  ASSERT_EQ(chmod(folder_.c_str(), 0700), 0);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_NE(FileMessageOf(status).find("Hint: "), std::string::npos);
}

TEST_F(FileTest, CheckWritableNoticesWhereNothingCanBeCreated) {
  EXPECT_FALSE(CheckWritable("/proc/f").ok());
  EXPECT_FALSE(CheckWritable("/proc/self/fd/9999").ok());
}

TEST_F(FileTest, DescriptorPathsAreWrittenWhereTheyStand) {
  const UniqueFd file(open(Path("log").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  ASSERT_TRUE(WriteAll(file.get(), "before ", "log").ok());
  ASSERT_TRUE(WriteFileAtomically("/dev/fd/" + std::to_string(file.get()), "after").ok());
  EXPECT_EQ(Content(Path("log")), "before after");
  EXPECT_TRUE(CheckWritable("/proc/self/fd/" + std::to_string(file.get())).ok());
  const UniqueFd reader(open(Path("log").c_str(), O_RDONLY | O_CLOEXEC));
  EXPECT_FALSE(CheckWritable("/dev/fd/" + std::to_string(reader.get())).ok());
}

TEST_F(FileTest, APipeIsWrittenInPlace) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = Content(Path("pipe")); });
  const absl::Status status = WriteFileAtomically(Path("pipe"), "through");
  reader.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(received, "through");
  EXPECT_TRUE(fs::is_fifo(Path("pipe")));
}

TEST_F(FileTest, WriteAllGoesOnWhenAPipeIsFull) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  ASSERT_EQ(fcntl(write_end.get(), F_SETFL, O_NONBLOCK), 0);
  const std::string content(1 << 20, 'x');
  size_t received = 0;
  std::thread reader([&] {
    char buffer[4096];
    ssize_t got = 0;
    while ((got = read(read_end.get(), buffer, sizeof buffer)) > 0) received += static_cast<size_t>(got);
  });
  const absl::Status status = WriteAll(write_end.get(), content, "pipe");
  write_end.reset();
  reader.join();
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(received, content.size());
}

TEST_F(FileTest, WriteAllReportsABadDescriptor) {
  EXPECT_EQ(FileMessageOf(WriteAll(-1, "x", "nowhere")), "write nowhere: Bad file descriptor");
  EXPECT_TRUE(WriteAll(-1, "", "nowhere").ok());
}

}  // namespace
}  // namespace syscarve
