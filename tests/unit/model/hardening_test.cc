// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/hardening.h"

#include <gtest/gtest.h>

#include "tests/unit/model/full_recording.h"

namespace syscarve {
namespace {

HardeningEvidence Full() {
  return FullRecording().subjects.at(0).hardening.value();
}

TEST(HardeningTest, JoiningTheSameChangesNothing) {
  HardeningEvidence kept = Full();
  JoinHardening(Full(), kept);
  EXPECT_EQ(kept, Full());
}

TEST(HardeningTest, TheOrderOfJoiningDoesNotMatter) {
  HardeningEvidence other;
  other.missing = {"peaks"};
  other.files[{.path = "/dev/null"}] = {.kind = FileKind::kRegular, .mount = "/", .uses = {{0, FileUse::kRead}}};
  other.files[{.path = "/x"}] = {.uses = {{1, FileUse::kRemoved}}};
  other.privileges = {{2, {.set_group = true}}};
  other.endpoints[{.use = EndpointUse::kConnected, .family = AddressFamily::kNetlink}] = {1};
  other.peaks = {.memory_bytes = 5, .tasks = 4, .tasks_sampled = true};
  HardeningEvidence one = Full();
  JoinHardening(other, one);
  HardeningEvidence two = other;
  JoinHardening(Full(), two);
  EXPECT_EQ(one, two);
  EXPECT_EQ(one.privileges.at(2), (ProgramPrivileges{.set_user = true, .set_group = true, .gained = true}));
  EXPECT_EQ(one.peaks.memory_bytes, UINT64_MAX);
  EXPECT_TRUE(one.peaks.tasks_sampled);
  EXPECT_EQ(one.endpoints.size(), Full().endpoints.size());
}

TEST(HardeningTest, ProgramsGetTheirNumbers) {
  EXPECT_EQ(ProgramsOf(Full()), (std::set<ProgramId>{0, 1, 2}));
  // All become one: what each of them did is that one's.
  const HardeningEvidence one = Renumbered(Full(), {0, 0, 0});
  EXPECT_EQ(ProgramsOf(one), std::set<ProgramId>{0});
  EXPECT_EQ(one.files.at({.path = "/etc/a\nb"}).uses,
            (std::map<ProgramId, FileUses>{{0, FileUse::kRead | FileUse::kWritten}}));
  EXPECT_EQ(one.identities.at(0).size(), 3u);
  EXPECT_EQ(Renumbered(Renumbered(Full(), {2, 0, 1}), {1, 2, 0}), Full());
  EXPECT_TRUE(ProgramsOf(Renumbered(Full(), {})).empty());
}

TEST(HardeningTest, WordsAreTheirOwn) {
  for (int i = 0; i < kFileUseCount; ++i) {
    const auto use = static_cast<FileUse>(i);
    EXPECT_EQ(FileUseFromName(FileUseName(use)), use);
  }
  EXPECT_EQ(FileKindFromName("block_device"), FileKind::kBlockDevice);
  EXPECT_EQ(EndpointUseFromName("connected"), EndpointUse::kConnected);
  EXPECT_EQ(AddressFamilyFromName("other"), AddressFamily::kOther);
  EXPECT_EQ(AddressScopeFromName("public"), AddressScope::kPublic);
  EXPECT_EQ(FileUseFromName(""), std::nullopt);
}

}  // namespace
}  // namespace syscarve
