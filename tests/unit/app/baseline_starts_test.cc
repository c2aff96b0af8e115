// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/baseline_starts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/policy/recordings.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr StartSetting kRoot = {.no_new_privs = false, .user = 0};
constexpr StartSetting kOther = {.no_new_privs = false, .user = kOtherUser};
constexpr StartSetting kPrivileged = {.no_new_privs = true, .user = 0};

TEST(SeenInStartsTest, ABaselineIsTheUnionOfItsSettings) {
  const SeenInStarts seen = {
      {kRoot, {{"read", 3}, {"close", 1}}}, {kOther, {{"read", 3}, {"setuid", 3}}}, {kPrivileged, {{"prctl", 3}}}};
  EXPECT_THAT(NamesSeen(seen, {false}), ElementsAre("close", "read", "setuid"));
  EXPECT_THAT(NamesSeen(seen, {true}), ElementsAre("prctl"));
  EXPECT_THAT(NamesSeen(seen, {false, true}), ElementsAre("close", "prctl", "read", "setuid"));
  EXPECT_THAT(NamesSeen(seen, {}), IsEmpty());
}

TEST(SeenInStartsTest, RemarksNameWhatDoesNotComeWithEveryStart) {
  EXPECT_EQ(RemarksOnStarts({{kRoot, {{"read", 3}}}, {kOther, {{"read", 3}}}}, false, 3), "");
  const SeenInStarts seen = {{kRoot, {{"read", 3}, {"futex", 1}, {"mmap", 2}, {"chdir", 3}}},
                             {kOther, {{"read", 3}, {"futex", 3}, {"setuid", 3}}},
                             {kPrivileged, {{"prctl", 1}}}};
  EXPECT_EQ(RemarksOnStarts(seen, false, 3),
            "; not in every start: futex mmap; only as root: chdir; only as another user: setuid");
  EXPECT_EQ(RemarksOnStarts(seen, true, 3), "; not in every start: prctl");
  EXPECT_EQ(RemarksOnStarts({}, false, 3), "");
}

TEST(ProvenanceTest, NamesTheDistribution) {
  EXPECT_EQ(DistributionFromText("NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
            "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(DistributionFromText("PRETTY_NAME=Unquoted\n"), "an unknown distribution");
  EXPECT_EQ(DistributionFromText(""), "an unknown distribution");
  EXPECT_EQ(DistributionFromText("PRETTY_NAME=\"100\xff\"\n"), "100%FF");
}

TEST(ProvenanceTest, IsASentenceAboutTheHost) {
  const MeasuredOn where = {.distribution = "Debian", .release = "6.1.0-13-amd64", .unified = false, .runs = 10};
  const std::string text = ProvenanceOf(where, ", with no_new_privs,");
  EXPECT_THAT(text, testing::StartsWith("Measured by syscarve "));
  EXPECT_THAT(text, testing::EndsWith(" on Debian, Linux 6.1.0: 10 starts each as root and as another user, with "
                                      "no_new_privs, of a container whose filter lets every call of the runtime by."));
  MeasuredOn unified = where;
  unified.unified = true;
  unified.release = "6.1";
  EXPECT_THAT(ProvenanceOf(unified, ""), HasSubstr("Linux 6.1, with cgroup v2 alone: 10 starts"));
}

class CallsOfStartTest : public testing::Test {
 protected:
  CallsOfStartTest() {
    Subject& subject = builder_.recording().subjects[0];
    subject.kind = SubjectKind::kContainer;
    subject.name = "c0ffee";
    subject.start = ContainerStart{.filtered = true, .no_new_privs = false};
  }

  void Made(SyscallId id) { builder_.trace().baseline_calls[id] = {.count = 1}; }
  void Made(std::string_view name, Abi abi = Abi::kX86_64) { Made(FindSyscall(abi, name).value()); }
  absl::StatusOr<std::set<std::string>> Calls(const std::string& id = "c0ffee", bool no_new_privs = false) {
    return CallsOfStart(builder_.Build(), id, no_new_privs, "/usr/bin/runc", nameless_);
  }
  std::string Error(const std::string& id = "c0ffee", bool no_new_privs = false) {
    return std::string(Calls(id, no_new_privs).status().message());
  }

  RecordingBuilder builder_;
  std::vector<SyscallId> nameless_;
};

TEST_F(CallsOfStartTest, AreThoseUnderTheFilterOfTheContainer) {
  Made("read");
  Made("execve");
  Made("uprobe");  // Which no filter is asked about.
  builder_.Call("write");
  EXPECT_THAT(Calls().value(), ElementsAre("execve", "read"));
  EXPECT_THAT(nameless_, IsEmpty());
}

TEST_F(CallsOfStartTest, WhatABaselineCannotNameIsGivenBack) {
  Made("read");
  Made("write", Abi::kI386);
  Made(SyscallId{Abi::kX86_64, 9999});
  EXPECT_THAT(Calls().value(), ElementsAre("read"));
  EXPECT_THAT(nameless_,
              testing::UnorderedElementsAre(FindSyscall(Abi::kI386, "write").value(), SyscallId{Abi::kX86_64, 9999}));
}

TEST_F(CallsOfStartTest, CannotBeKnownFromEveryRecording) {
  EXPECT_EQ(Error(), "no call of the runtime under the filter was seen");
  Made("read");
  EXPECT_EQ(Error("another"), "the container's start was not seen");
  EXPECT_THAT(Error("c0ffee", true), HasSubstr("/usr/bin/runc started the container without the filter"));
  builder_.recording().losses.push_back({.what = "slots_full", .count = 1, .missed_calls = true});
  EXPECT_EQ(Error(), "the recording is incomplete: slots_full");
  builder_.recording().losses[0].missed_calls = false;
  EXPECT_TRUE(Calls().ok());
  builder_.recording().subjects[0].start->filtered = false;
  EXPECT_TRUE(absl::IsFailedPrecondition(Calls().status()));
  builder_.recording().subjects[0].start.reset();
  EXPECT_EQ(Error(), "the container's start was not seen");
}

}  // namespace
}  // namespace syscarve
