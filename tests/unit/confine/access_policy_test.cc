// SPDX-License-Identifier: Apache-2.0
#include "userspace/confine/access_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <random>
#include <string>
#include <vector>

#include "tests/unit/confine/file_recordings.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

AccessPolicy Made(const std::vector<Recording>& recordings, const AccessOptions& options = {}) {
  const absl::StatusOr<AccessPolicy> policy = MakeAccessPolicy(recordings, options);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return policy.ok() ? *policy : AccessPolicy();
}

TEST(AccessPolicy, AllowsWhatWasSeenAndNoMore) {
  const AccessPolicy policy =
      Made({WithFiles({{{.path = "/etc/web.conf"}, File(FileUse::kRead)},
                       {{.path = "/srv/log"}, File(FileUse::kWritten | FileUse::kCreated, FileKind::kRegular, 1)}})});
  EXPECT_TRUE(policy.Allows("/etc/web.conf", FileUse::kRead));
  EXPECT_FALSE(policy.Allows("/etc/web.conf", FileUse::kWritten));
  EXPECT_FALSE(policy.Allows("/etc/passwd", FileUse::kRead));
  EXPECT_TRUE(policy.in_container);
  EXPECT_TRUE(policy.warnings.empty());
  const PathAccess& log = policy.paths.at(PathPattern("/srv/log"));
  EXPECT_EQ(log.uses.at("/bin/sh"), FileUse::kWritten | FileUse::kCreated);
  EXPECT_TRUE(log.rules.empty());
}

TEST(AccessPolicy, OthersAreEveryNameOfTheDirectory) {
  const AccessPolicy policy =
      Made({WithFiles({{{.path = "/spool", .others = true}, File(FileUse::kCreated, FileKind::kUnknown)},
                       {{.path = "/", .others = true}, File(FileUse::kRead, FileKind::kUnknown)}})});
  EXPECT_TRUE(policy.Allows("/spool/x", FileUse::kCreated));
  EXPECT_FALSE(policy.Allows("/spool/x/y", FileUse::kCreated));
  EXPECT_FALSE(policy.Allows("/spool", FileUse::kCreated));
  EXPECT_TRUE(policy.Allows("/x", FileUse::kRead));
}

TEST(AccessPolicy, ManySiblingsBecomeOnePattern) {
  std::map<UsedPath, UsedFile> files;
  for (const char* number : {"1", "2"}) files[{.path = std::string("/srv/part.") + number}] = File(FileUse::kCreated);
  EXPECT_FALSE(Made({WithFiles(files)}).Allows("/srv/part.3", FileUse::kCreated)) << "two may be all there are";
  files[{.path = "/srv/part.7"}] = File(FileUse::kCreated);
  const AccessPolicy policy = Made({WithFiles(files)});
  EXPECT_TRUE(policy.Allows("/srv/part.3", FileUse::kCreated));
  EXPECT_FALSE(policy.Allows("/srv/part.x", FileUse::kCreated));
  EXPECT_FALSE(Made({WithFiles(files)}, {.generalise = false}).Allows("/srv/part.3", FileUse::kCreated));
}

// Whatever was observed, the policy allows it.
TEST(AccessPolicy, AllowsAllThatWasObserved) {
  std::mt19937 random(20240501);
  const std::vector<std::string> names = {"proc",
                                          "12",
                                          "fd",
                                          "7",
                                          "tmp",
                                          "tmpx3_kq9ab",
                                          "libz.so.1.2",
                                          "usr",
                                          "share",
                                          "zoneinfo",
                                          "a\nb",
                                          "*",
                                          "[x]",
                                          "\xff",
                                          "part.1",
                                          "part.2",
                                          "part.3",
                                          "c",
                                          "29",
                                          "etc",
                                          "ssl",
                                          "certs",
                                          "dev",
                                          "pts",
                                          "shm",
                                          "sys",
                                          "devices",
                                          "system",
                                          "cpu",
                                          "base",
                                          "16384",
                                          "2601",
                                          "2602_vm",
                                          "b7f54b2df7773722d382f4809d65029c",
                                          "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
                                          "x.Ab3dE9",
                                          "000000010000000000000001",
                                          "glibc-hwcaps",
                                          "objects",
                                          "task",
                                          "lib",
                                          "locale"};
  for (int round = 0; round < 300; ++round) {
    std::map<UsedPath, UsedFile> files;
    const size_t count = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i) {
      UsedPath path;
      const size_t depth = 1 + random() % 6;
      for (size_t level = 0; level < depth; ++level) path.path += "/" + names[random() % names.size()];
      path.others = random() % 8 == 0;
      FileUses uses = static_cast<FileUse>(random() % kFileUseCount);
      if (random() % 2 == 0) uses |= static_cast<FileUse>(random() % kFileUseCount);
      files[path] = File(uses, static_cast<FileKind>(random() % 8), random() % 2);
    }
    const AccessPolicy policy = Made({WithFiles(files)});
    for (const auto& [path, file] : files) {
      for (int use = 0; use < kFileUseCount; ++use) {
        if (!file.uses.begin()->second.has(static_cast<FileUse>(use))) continue;
        const std::string name = path.others ? path.path + "/whatever it is" : path.path;
        EXPECT_TRUE(policy.Allows(name, static_cast<FileUse>(use))) << name;
      }
    }
  }
}

TEST(AccessPolicy, GuardsWhatWasNotUsed) {
  const AccessPolicy policy = Made({WithFiles({{{.path = "/proc/sys/net/core/somaxconn"}, File(FileUse::kWritten)}})});
  ASSERT_EQ(policy.warnings.size(), 1U);
  EXPECT_THAT(policy.warnings[0], HasSubstr("/proc/sys/net/core/somaxconn. Settings of the kernel."));
  const AccessPolicy reads = Made({WithFiles({{{.path = "/proc/sys/net/core/somaxconn"}, File(FileUse::kRead)}})});
  EXPECT_TRUE(reads.warnings.empty());
  EXPECT_EQ(reads.guarded.size(), policy.guarded.size() + 1);
}

TEST(AccessPolicy, SocketsThatWereMadeAndTheirLike) {
  Recording recording = WithFiles({});
  AddCall(recording, "socket",
          SeenArguments{.indexes = {0, 1, 2}, .values = {{{AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0}, {0}}}});
  const AccessPolicy policy = Made({recording});
  EXPECT_FALSE(policy.any_socket);
  EXPECT_THAT(SocketsOf(policy),
              ElementsAre(SocketKind{AF_UNIX, SOCK_STREAM, 0}, SocketKind{AF_INET, SOCK_STREAM, 0},
                          SocketKind{AF_INET6, SOCK_STREAM, 0}, SocketKind{AF_NETLINK, SOCK_RAW, NETLINK_ROUTE}));
  AddCall(recording, "socketpair", SeenArguments{.indexes = {0, 1}, .open = true});
  EXPECT_TRUE(Made({recording}).any_socket);
}

TEST(AccessPolicy, AnEndpointHasASocket) {
  Recording recording = WithFiles({});
  recording.subjects[0].hardening->endpoints = {{{.family = AddressFamily::kVsock, .socket_type = SOCK_STREAM}, {0}},
                                                {{.family = AddressFamily::kOther}, {0}}};
  EXPECT_THAT(SocketsOf(Made({recording})),
              ElementsAre(SocketKind{AF_UNIX, SOCK_STREAM, 0}, SocketKind{AF_VSOCK, SOCK_STREAM, 0}));
}

TEST(AccessPolicy, HabitsAreThePrograms) {
  Recording recording = WithFiles({});
  AddCall(recording, "renameat2");
  AddCall(recording, "fcntl", SeenArguments{.indexes = {1}, .values = {{{1}, {0}}, {{6}, {1}}}});
  const AccessPolicy policy = Made({recording});
  EXPECT_EQ(policy.habits.at("/usr/bin/web"), (ProgramHabits{.renames = true}));
  EXPECT_EQ(policy.habits.at("/bin/sh"), (ProgramHabits{.locks = true}));
}

TEST(AccessPolicy, SaysWhatTheEvidenceLacks) {
  Recording without = WithFiles({});
  without.subjects[0].hardening.reset();
  const absl::StatusOr<AccessPolicy> none = MakeAccessPolicy(std::vector<Recording>{without}, AccessOptions{});
  EXPECT_THAT(none.status().message(), HasSubstr("does not have which files"));
  Recording blind = WithFiles({});
  blind.subjects[0].hardening->missing = {std::string(kMissingFiles)};
  EXPECT_FALSE(MakeAccessPolicy(std::vector<Recording>{blind}, AccessOptions{}).ok());
  Recording some = WithFiles({});
  some.subjects[0].hardening->missing = {std::string(kMissingSomeFiles), std::string(kMissingEarlier)};
  const AccessPolicy policy = Made({some, without});
  EXPECT_EQ(policy.warnings.size(), 3U);
}

}  // namespace
}  // namespace syscarve
