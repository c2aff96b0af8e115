// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/merge_profiles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/base/concat.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string ProfileText(std::string_view names, std::string_view more = "",
                        std::string_view abis = "\"SCMP_ARCH_X86_64\"") {
  return Concat(R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": [)", abis,
                R"(], "syscalls": [{"names": [)", names, R"(], "action": "SCMP_ACT_ALLOW"}])", more, "}");
}

class MergeProfilesTest : public JobTest {
 protected:
  MergeProfilesRequest Request(std::vector<std::string> inputs, ProfileMerge how) const {
    MergeProfilesRequest request;
    request.inputs = std::move(inputs);
    request.how = how;
    request.target.native = "x86_64";
    request.output = Path("merged.json");
    return request;
  }

  std::set<std::string> Merged() const {
    std::set<std::string> names;
    const absl::StatusOr<Profile> profile = ParseProfile(Read("merged.json"));
    EXPECT_TRUE(profile.ok()) << profile.status();
    if (!profile.ok()) return names;
    for (const Rule& rule : profile->rules) {
      if (rule.action.kind == ActionKind::kAllow) names.insert(rule.names.begin(), rule.names.end());
    }
    return names;
  }

  KeptNotes notes_;
};

TEST_F(MergeProfilesTest, TheUnionAllowsWhatAnyAllows) {
  const std::string a = Write("a.json", ProfileText(R"("read", "write")"));
  const std::string b = Write("b.json", ProfileText(R"("read", "close")"));
  const absl::Status merged = MergeProfiles(Request({a, b}, ProfileMerge::kUnion), notes_);
  ASSERT_TRUE(merged.ok()) << merged;
  EXPECT_THAT(Merged(), ElementsAre("close", "read", "write"));
  EXPECT_THAT(notes_.warnings, IsEmpty());
  ASSERT_EQ(notes_.notes.size(), 1U);
  EXPECT_THAT(notes_.notes[0], HasSubstr("2 profile(s) merged: the union has "));
}

TEST_F(MergeProfilesTest, TheIntersectionAllowsWhatAllAllow) {
  const std::string a = Write("a.json", ProfileText(R"("read", "write")"));
  const std::string b = Write("b.json", ProfileText(R"("read", "close")"));
  const absl::Status merged = MergeProfiles(Request({a, b}, ProfileMerge::kIntersection), notes_);
  ASSERT_TRUE(merged.ok()) << merged;
  EXPECT_THAT(Merged(), ElementsAre("read"));
  EXPECT_THAT(notes_.warnings, IsEmpty());
}

TEST_F(MergeProfilesTest, WarnsOfWhatTheResultHasNoPlaceFor) {
  const std::string a =
      Write("a.json",
            ProfileText(R"("read")", R"(, "flags": ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW"])"));
  const std::string b = Write("b.json", ProfileText(R"("read", "uprobe")", R"(, "flags": ["SECCOMP_FILTER_FLAG_LOG"])",
                                                    R"("SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64")"));
  const absl::Status merged = MergeProfiles(Request({a, b}, ProfileMerge::kUnion), notes_);
  ASSERT_TRUE(merged.ok()) << merged;
  EXPECT_THAT(
      notes_.warnings,
      ElementsAre(Path("b.json") + ": architectures left out, because no kernel serves them beside x86_64: aarch64",
                  HasSubstr("calls left out, because the kernel applies no filter to them"),
                  "flags left out, because not every profile has them: SECCOMP_FILTER_FLAG_SPEC_ALLOW"));
  EXPECT_THAT(notes_.warnings[1], testing::EndsWith(": uprobe"));
  EXPECT_THAT(ParseProfile(Read("merged.json")).value().flags, ElementsAre("SECCOMP_FILTER_FLAG_LOG"));
}

TEST_F(MergeProfilesTest, AnInputsOwnWarningsNameIt) {
  const std::string plain = Write("p.json", ProfileText(R"("read")"));
  const std::string conditional =
      Write("c.json",
            R"({"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [
                 {"names": ["read"], "action": "SCMP_ACT_ALLOW"},
                 {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}}]})");
  MergeProfilesRequest request = Request({conditional, plain}, ProfileMerge::kUnion);
  ASSERT_TRUE(MergeProfiles(request, notes_).ok());
  EXPECT_THAT(notes_.warnings, ElementsAre(testing::StartsWith(conditional + ": it depends on the container's")));
  KeptNotes known;
  request.target.capabilities = "all";
  ASSERT_TRUE(MergeProfiles(request, known).ok());
  EXPECT_THAT(known.warnings, IsEmpty());
  EXPECT_THAT(Merged(), ElementsAre("mount", "read"));
}

TEST_F(MergeProfilesTest, ARecordingIsNoProfile) {
  const std::string recording = Write("r.json", FormatRecording(RecordingBuilder().Call("read").Build()));
  const absl::Status status = MergeProfiles(Request({recording}, ProfileMerge::kUnion), notes_);
  EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
  EXPECT_EQ(status.message(), recording + " is a recording; recordings are merged without --union and --intersect");
  EXPECT_EQ(MergeProfiles(Request({"-", "-"}, ProfileMerge::kUnion), notes_),
            absl::InvalidArgumentError("standard input can be read only once"));
  EXPECT_THAT(In(), ElementsAre("r.json"));
  EXPECT_THAT(notes_.warnings, IsEmpty());
}

}  // namespace
}  // namespace syscarve
