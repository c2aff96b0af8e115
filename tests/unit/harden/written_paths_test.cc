// SPDX-License-Identifier: Apache-2.0
#include "userspace/harden/written_paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class WrittenPathsTest : public testing::Test {
 protected:
  void Use(const std::string& path, FileUses uses, FileKind kind = FileKind::kRegular, const std::string& mount = "/") {
    UsedFile& file = evidence_.files[{.path = path}];
    file.kind = kind;
    file.mount = mount;
    file.uses[0] |= uses;
  }
  void Make(const std::string& path) { Use(path, FileUse::kCreated, FileKind::kDirectory); }

  WrittenPaths Find() {
    const absl::StatusOr<const DirectoryRules*> rules = ShippedDirectoryRules();
    EXPECT_TRUE(rules.ok()) << rules.status();
    return FindWrittenPaths(evidence_, **rules);
  }
  // "/run tmpfs", in order.
  std::vector<std::string> Directories() {
    std::vector<std::string> words;
    for (const auto& [path, written] : Find().writable) {
      words.push_back(Concat(path, written.directory.volume ? " volume" : Concat(" tmpfs ", written.directory.size),
                             written.directory.executable ? " exec" : ""));
    }
    return words;
  }

  HardeningEvidence evidence_;
};

TEST_F(WrittenPathsTest, KindsOfDirectoriesAreToldApart) {
  Use("/tmp/a", FileUse::kCreated);
  Use("/run/web.pid", FileUse::kCreated);
  Use("/var/cache/web/x", FileUse::kWritten | FileUse::kCreated);
  Use("/var/log/web/log", FileUse::kCreated);
  Use("/var/lib/web/data", FileUse::kCreated);
  Use("/etc/web/conf.d/made", FileUse::kCreated);
  Use("/app/uploads/file", FileUse::kCreated);
  EXPECT_THAT(Directories(),
              ElementsAre("/app/uploads volume", "/etc/web/conf.d volume", "/run tmpfs 16m", "/tmp tmpfs 256m",
                          "/var/cache/web tmpfs 256m", "/var/lib/web volume", "/var/log/web tmpfs 64m"));
}

TEST_F(WrittenPathsTest, WhatIsReadOrMountedOrTheEnginesNeedsNothing) {
  Use("/usr/lib/a.so", FileUse::kRead | FileUse::kMapped);
  Use("/data/x", FileUse::kWritten | FileUse::kCreated, FileKind::kRegular, "/data");
  Use("/data/named-only", FileUse::kRemoved, FileKind::kUnknown, "");
  Use("/dev/shm/x", FileUse::kCreated, FileKind::kRegular, "");
  Use("/proc/self/oom_score_adj", FileUse::kWritten, FileKind::kRegular, "/proc");
  Use("/etc/hosts", FileUse::kWritten, FileKind::kRegular, "/");
  Use("/etc/pipe", FileUse::kWritten, FileKind::kPipe);
  EXPECT_THAT(Directories(), IsEmpty());
  EXPECT_THAT(Find().refused, IsEmpty());
}

TEST_F(WrittenPathsTest, WhatTheImageHasInADirectoryStays) {
  // Nothing there was made while recording, so the image has it.
  Use("/var/cache/web/index", FileUse::kRead);
  Use("/var/cache/web/new", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/var/cache/web volume"));
}

TEST_F(WrittenPathsTest, ALogOfTheImageIsMadeAnew) {
  Use("/var/log/web/error.log", FileUse::kWritten);
  EXPECT_THAT(Directories(), ElementsAre("/var/log/web tmpfs 64m"));
  Use("/var/log/web/state", FileUse::kRead);
  EXPECT_THAT(Directories(), ElementsAre("/var/log/web volume"));
}

TEST_F(WrittenPathsTest, ADirectoryThatTheImageHasIsMountedItself) {
  Use("/run/postgresql/.s.PGSQL.5432", FileUse::kCreated, FileKind::kSocket);
  Use("/var/run/other/pid", FileUse::kCreated);
  Make("/run/other");
  EXPECT_THAT(Directories(), ElementsAre("/run tmpfs 16m", "/run/postgresql tmpfs 16m"));
}

TEST_F(WrittenPathsTest, ProgramsThatAreExecutedFromADirectoryAreTold) {
  Use("/tmp/plugin.so", FileUse::kCreated | FileUse::kMapped);
  EXPECT_THAT(Directories(), ElementsAre("/tmp tmpfs 256m exec"));
}

TEST_F(WrittenPathsTest, DirectoriesBelowOneThatWasMadeAreNotTold) {
  Make("/var/lib/nginx/proxy");
  Make("/var/lib/nginx/proxy/1");
  Use("/var/lib/nginx/proxy/1/0001", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/var/lib/nginx tmpfs 256m"));
}

TEST_F(WrittenPathsTest, WhatIsBelowAVolumeIsInIt) {
  Use("/var/lib/web/data", FileUse::kCreated);
  Use("/var/lib/web/parts/a/data", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/var/lib/web volume"));
  EXPECT_THAT(Find().writable.at("/var/lib/web").examples, testing::SizeIs(2));
}

// Whose a tmpfs has to be.
class OwnersTest : public WrittenPathsTest {
 protected:
  // The first program, of which all uses are.
  void RunAs(uint32_t user) { evidence_.identities[0].insert({user, user, user, user}); }
  WritableDirectory Run(const std::optional<std::string>& user = std::nullopt) {
    return FindWrittenPaths(evidence_, **ShippedDirectoryRules(), user).writable.at("/run/web").directory;
  }
};

TEST_F(OwnersTest, OneUserWhoWritesInADirectoryOfTheImage) {
  Use("/run/web/pid", FileUse::kCreated);
  RunAs(33);
  EXPECT_EQ(Run().owner, "33:33");
  EXPECT_EQ(TmpfsOptions(Run()), "rw,nosuid,nodev,noexec,size=16m,mode=1777,uid=33,gid=33");
  EXPECT_EQ(PodmanTmpfsOptions(Run()), "rw,nosuid,nodev,noexec,size=16m,mode=1777");
}

TEST_F(OwnersTest, RootNeedsNothing) {
  Use("/run/web/pid", FileUse::kCreated);
  RunAs(0);
  EXPECT_EQ(Run(), (WritableDirectory{.size = "16m"}));
}

TEST_F(OwnersTest, OfSeveralUsersTheImagesOwnerStays) {
  Use("/run/web/pid", FileUse::kCreated);
  RunAs(0);
  RunAs(33);
  EXPECT_TRUE(Run().owner_of_image);
  EXPECT_TRUE(NeedsDockerVolume(Run()));
}

TEST_F(OwnersTest, WhoTheServiceIsToRunAsIsTheOwner) {
  Use("/run/web/pid", FileUse::kCreated);
  RunAs(0);
  RunAs(33);
  EXPECT_EQ(Run("34:35").owner, "34:35");
  EXPECT_FALSE(Run("34:35").owner_of_image);
}

TEST_F(OwnersTest, ADirectoryThatWasMadeIsWritableForAll) {
  Make("/var/cache/web");
  Use("/var/cache/web/x", FileUse::kCreated);
  Make("/run/web");
  Use("/run/web/pid", FileUse::kCreated);
  RunAs(0);
  RunAs(33);
  const WrittenPaths found = Find();
  EXPECT_EQ(found.writable.at("/var/cache/web").directory, (WritableDirectory{.size = "256m"}));
  // The same in every image.
  EXPECT_EQ(found.writable.at("/run").directory, (WritableDirectory{.size = "16m"}));
}

// A mount point that the image does not have is root's, with mode 755.
TEST_F(OwnersTest, AVolumeIsOverWhatTheImageHasWhereTheServiceMakesTheRestWithAModeOfItsOwn) {
  RunAs(0);
  Make("/var/spool/mail");
  Make("/var/spool/mail/queue");
  Use("/var/spool/mail/queue", FileUse::kChanged, FileKind::kDirectory);
  Use("/var/spool/mail/queue/1", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/var/spool/mail volume"));
  Use("/var/spool/mail", FileUse::kChanged, FileKind::kDirectory);
  EXPECT_THAT(Directories(), ElementsAre("/var/spool volume"));
  EXPECT_THAT(Find().writable.at("/var/spool").made_below, ElementsAre("/var/spool/mail"));
}

TEST_F(OwnersTest, LikewiseWhereItIsMadeByAnotherThanRoot) {
  Make("/app/parts");
  Use("/app/parts/1", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/app/parts volume")) << "Who made it is not known.";
  RunAs(33);
  EXPECT_THAT(Directories(), ElementsAre("/app volume"));
  RunAs(0);
  EXPECT_THAT(Directories(), ElementsAre("/app/parts volume"));
}

TEST_F(OwnersTest, NothingIsMountedOverAllOfTheRootForThat) {
  RunAs(33);
  Make("/data");
  Use("/data/1", FileUse::kCreated);
  Make("/etc/web");
  Use("/etc/web/made", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/data volume", "/etc/web volume"));
  EXPECT_THAT(Find().writable.at("/data").made_below, IsEmpty());
}

TEST_F(WrittenPathsTest, WhereNothingCanBeMountedIsRefused) {
  Use("/etc/passwd", FileUse::kWritten);
  Use("/usr/bin/tool", FileUse::kRemoved);
  Use("/core", FileUse::kCreated);
  const WrittenPaths found = Find();
  EXPECT_THAT(found.writable, IsEmpty());
  EXPECT_THAT(found.refused, ElementsAre(Pair("/core", testing::HasSubstr("straight in /,")),
                                         Pair("/etc/passwd", testing::HasSubstr("straight in /etc,")),
                                         Pair("/usr/bin/tool", testing::HasSubstr("Programs, libraries"))));
}

TEST_F(WrittenPathsTest, ADirectoryMadeInTheRootIsMountedThere) {
  Make("/work");
  Use("/work/a", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/work volume"));
}

TEST_F(WrittenPathsTest, OfManyFilesTheirDirectoryIsTold) {
  evidence_.files[{.path = "/tmp/work", .others = true}].uses[0] = FileUse::kCreated | FileUse::kRemoved;
  Make("/tmp/work");
  EXPECT_THAT(Directories(), ElementsAre("/tmp tmpfs 256m"));
}

TEST_F(WrittenPathsTest, ManyDirectoriesOfOneParentAreOne) {
  for (int i = 0; i < 40; ++i) Use(Concat("/app/parts/", i, "/x"), FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/app/parts volume"));
}

TEST_F(WrittenPathsTest, HostilePathsStayWhatTheyAre) {
  Use("/tmp/a\nb:c/x", FileUse::kCreated);
  Use("/srv/\xff/x", FileUse::kCreated);
  EXPECT_THAT(Directories(), ElementsAre("/srv/\xff volume", "/tmp/a\nb:c tmpfs 256m"));
}

TEST_F(WrittenPathsTest, WithoutAContainerAllFileSystemsAreTheHosts) {
  Use("/srv/web/x", FileUse::kCreated, FileKind::kRegular, "/srv");
  Use("/dev/shm/x", FileUse::kCreated, FileKind::kRegular, "/dev/shm");
  EXPECT_THAT(Directories(), IsEmpty());
  const WrittenPaths found = FindWrittenPaths(evidence_, **ShippedDirectoryRules(), std::nullopt, /*all_mounts=*/true);
  EXPECT_THAT(found.writable, ElementsAre(testing::Key("/srv/web")));
}

}  // namespace
}  // namespace syscarve
