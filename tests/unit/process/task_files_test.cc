// SPDX-License-Identifier: Apache-2.0
#include "userspace/process/task_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

namespace fs = std::filesystem;

// Of this process itself: what it finds is what it would find.
class TaskFilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = fs::temp_directory_path() / "syscarve-task-files-XXXXXX";
    ASSERT_NE(mkdtemp(folder.data()), nullptr);
    folder_ = fs::canonical(folder);
    std::ofstream(folder_ + "/file") << "x";
    fs::create_directory(folder_ + "/inner");
    fs::create_symlink(folder_ + "/file", folder_ + "/inner/absolute");
    fs::create_symlink("../file", folder_ + "/inner/relative");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string folder_;
  TaskFiles files_{getpid()};
};

TEST_F(TaskFilesTest, FindsFilesAsTheTaskWould) {
  const UniqueFd inner(open((folder_ + "/inner").c_str(), O_PATH | O_CLOEXEC));
  EXPECT_EQ(files_.Base(inner.get()), folder_ + "/inner");
  for (const char* const name : {"absolute", "relative", "../file", "/../file"}) {
    const bool rooted = name[0] == '/';
    const FoundFile found =
        files_.Find(inner.get(), rooted ? folder_ + "/inner" + name : std::string(name), /*follow=*/true);
    if (found.presence == Presence::kNotKnown) GTEST_SKIP() << "openat2 is not to be had here";
    ASSERT_EQ(found.presence, Presence::kThere) << name;
    EXPECT_EQ(found.file.path, folder_ + "/file") << name;
  }
  const FoundFile link = files_.Find(inner.get(), "relative", /*follow=*/false);
  EXPECT_TRUE(S_ISLNK(link.file.mode));
  EXPECT_EQ(link.file.target, "../file");
  EXPECT_EQ(files_.Find(inner.get(), "missing", true).presence, Presence::kNotThere);
  EXPECT_EQ(files_.Find(inner.get(), "../file/x", true).presence, Presence::kNotThere);
  EXPECT_EQ(files_.Find(9999, "file", true).presence, Presence::kNotThere);
}

TEST_F(TaskFilesTest, ARemovedFolderHasItsFormerPath) {
  const UniqueFd inner(open((folder_ + "/inner").c_str(), O_PATH | O_CLOEXEC));
  fs::remove_all(folder_ + "/inner");
  EXPECT_EQ(files_.Base(inner.get()), folder_ + "/inner");
  EXPECT_EQ(files_.OfDescriptor(inner.get()).file.path, folder_ + "/inner");
  EXPECT_EQ(files_.Find(inner.get(), "file", true).presence, Presence::kNotThere);
}

TEST_F(TaskFilesTest, TellsWhereAFileIsMountedAndWhoTheTaskIs) {
  const FoundFile found = files_.Find(AT_FDCWD, "/proc/self/status", true);
  if (found.presence == Presence::kThere) {
    EXPECT_EQ(found.file.path, "/proc/" + std::to_string(getpid()) + "/status");
    if (found.file.mount != 0) {
      const std::optional<MountPlace> place = files_.PlaceOf(found.file.mount);
      ASSERT_TRUE(place.has_value());
      EXPECT_EQ(place->path, "/proc");
      EXPECT_EQ(place->filesystem, "proc");
    }
  }
  EXPECT_EQ(files_.Process(), getpid());
  const std::optional<ProcessIds> ids = files_.Ids();
  ASSERT_TRUE(ids.has_value());
  EXPECT_EQ(*ids, (ProcessIds{getuid(), geteuid(), getgid(), getegid()}));
}

TEST_F(TaskFilesTest, APipeHasNoPathAndDoesNotWait) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  EXPECT_EQ(files_.OfDescriptor(read_end.get()).file.path, "");
  ASSERT_EQ(mkfifo((folder_ + "/silent").c_str(), 0600), 0);
  EXPECT_TRUE(S_ISFIFO(files_.Find(AT_FDCWD, folder_ + "/silent", true).file.mode));
  const UniqueFd socket_end(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const int type = files_.SocketType(socket_end.get());
  EXPECT_TRUE(type == SOCK_DGRAM || type == 0) << type;  // 0: pidfd_getfd is not to be had.
}

TEST(OwnNameOfTest, TellsDescriptorsAndOneself) {
  const auto shown = [](std::string_view name) {
    const std::optional<OwnName> own = OwnNameOf(name, 7, 8);
    return own.has_value() ? std::to_string(own->descriptor) + ":" + own->rest : "";
  };
  EXPECT_EQ(shown("/dev/stdout"), "1:");
  EXPECT_EQ(shown("/dev/fd/12"), "12:");
  EXPECT_EQ(shown("/dev/fd/12/a/b"), "12:a/b");
  EXPECT_EQ(shown("/proc/self/fd/3"), "3:");
  EXPECT_EQ(shown("/proc/7/fd/3"), "3:");
  EXPECT_EQ(shown("/proc/thread-self/fd/3"), "3:");
  EXPECT_EQ(shown("/proc/self/fd"), "-1:/proc/7/fd");
  EXPECT_EQ(shown("/proc/self/status"), "-1:/proc/7/status");
  EXPECT_EQ(shown("/proc/thread-self/status"), "-1:/proc/7/task/8/status");
  EXPECT_EQ(shown("/proc/self/fd/3x"), "-1:/proc/7/fd/3x");
  for (const char* const name : {"/proc/selfish", "/dev/fdset", "/proc/70/fd/3", "/etc/passwd", "dev/fd/3"}) {
    EXPECT_EQ(shown(name), "") << name;
  }
}

TEST(ExecutableFilesInTest, TakesFilesThatCanBeExecuted) {
  EXPECT_EQ(ExecutableFilesIn("5580-5590 r--p 0 fe:01 12 /bin/a\n"
                              "5590-55a0 r-xp 0 fe:01 12      /bin/a\n"
                              "7f10-7f20 r-xp 0 fe:01 13 /lib/with a blank.so\n"
                              "7f20-7f30 r-xp 0 fe:01 14 /lib/old.so (deleted)\n"
                              "7f30-7f40 r-xp 0 fe:01 13 /lib/with a blank.so\n"
                              "7f40-7f50 rwxp 0 00:00 0\n"
                              "7fff-8000 r-xp 0 00:00 0 [vdso]\n"),
            (std::vector<std::string>{"/bin/a", "/lib/with a blank.so", "/lib/old.so"}));
}

TEST(PlaceOfMountTest, IsOfTheTasksRoot) {
  constexpr std::string_view kMounts =
      "20 1 8:1 / / rw - ext4 /dev/sda rw\n"
      "21 20 0:5 / /a\\040b rw shared:1 - fuse.sshfs x rw\n";
  EXPECT_EQ(PlaceOfMount(kMounts, 20, "/")->path, "/");
  EXPECT_EQ(PlaceOfMount(kMounts, 21, "/")->path, "/a b");
  EXPECT_EQ(PlaceOfMount(kMounts, 21, "/")->filesystem, "fuse");
  EXPECT_EQ(PlaceOfMount(kMounts, 20, "/jail")->path, "/jail");
  EXPECT_EQ(PlaceOfMount(kMounts, 21, "/jail")->path, "/jail/a b");
  EXPECT_FALSE(PlaceOfMount(kMounts, 22, "/").has_value());
}

TEST(IdInNamespaceTest, FollowsTheMap) {
  constexpr std::string_view kMap = "         0     100000      65536\n     70000  1000  1\n";
  EXPECT_EQ(IdInNamespace(kMap, 100000), 0u);
  EXPECT_EQ(IdInNamespace(kMap, 100033), 33u);
  EXPECT_EQ(IdInNamespace(kMap, 1000), 70000u);
  EXPECT_EQ(IdInNamespace(kMap, 5), 5u);
  EXPECT_EQ(IdInNamespace("", 5), 5u);
}

}  // namespace
}  // namespace syscarve
