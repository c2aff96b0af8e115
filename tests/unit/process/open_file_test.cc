// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/open_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>

#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

OpenFile Of(int descriptor) {
  const auto file = ReadOpenFile(getpid(), static_cast<unsigned>(descriptor));
  EXPECT_TRUE(file.has_value());
  return file.value_or(OpenFile());
}

TEST(OpenFileTest, TellsWhatADescriptorIs) {
  const UniqueFd null(open("/dev/null", O_RDONLY));
  EXPECT_TRUE(S_ISCHR(Of(null.get()).mode));
  EXPECT_EQ(Of(null.get()).major, 1U);
  EXPECT_EQ(Of(null.get()).minor, 3U);
  const UniqueFd folder(open("/proc", O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(S_ISDIR(Of(folder.get()).mode));
  EXPECT_EQ(Of(folder.get()).file_system, "proc");
  const UniqueFd file(open("/proc/self/status", O_RDONLY));
  EXPECT_TRUE(S_ISREG(Of(file.get()).mode));
  EXPECT_EQ(Of(file.get()).file_system, "proc");
  std::array<int, 2> ends = {-1, -1};
  ASSERT_EQ(pipe(ends.data()), 0);
  const UniqueFd reading(ends[0]);
  const UniqueFd writing(ends[1]);
  EXPECT_TRUE(S_ISFIFO(Of(reading.get()).mode));
  const UniqueFd events(epoll_create1(0));
  EXPECT_EQ(Of(events.get()).anonymous, "[eventpoll]");
  // In a file system that nobody has mounted.
  const UniqueFd memory(memfd_create("anon_inode:[eventpoll]", 0));
  EXPECT_EQ(Of(memory.get()).anonymous, "");
  EXPECT_EQ(Of(memory.get()).file_system, "");
}

TEST(OpenFileTest, TellsASocketsFamily) {
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
  const OpenFile file = Of(socket.get());
  EXPECT_TRUE(S_ISSOCK(file.mode));
  // Where pidfd_getfd is allowed.
  if (file.family.has_value()) EXPECT_EQ(*file.family, unsigned{AF_UNIX});
}

TEST(OpenFileTest, NoDescriptorIsNotTheSameAsNoAnswer) {
  const auto none = ReadOpenFile(getpid(), 0x7fffffff);
  ASSERT_TRUE(none.has_value());
  EXPECT_FALSE(none->open);
  EXPECT_FALSE(ReadOpenFile(0, 0).has_value());
  EXPECT_FALSE(ReadOpenFile(0x7fffffff, 0).has_value());
}

TEST(OpenFileTest, AMountsFileSystemIsBehindItsOptionalFields) {
  constexpr std::string_view kMounts =
      "22 1 8:1 / / rw,relatime shared:1 master:2 - ext4 /dev/sda1 rw\n"
      "23 22 0:5 / /a\\040- rw - fuse.sshfs - rw\n"
      "24 22 0:6 / /b rw\n"
      "no line\n";
  EXPECT_EQ(FileSystemOfMount(kMounts, 22), "ext4");
  EXPECT_EQ(FileSystemOfMount(kMounts, 23), "fuse");
  EXPECT_EQ(FileSystemOfMount(kMounts, 24), "");
  EXPECT_EQ(FileSystemOfMount(kMounts, 25), "");
}

}  // namespace
}  // namespace syscarve
