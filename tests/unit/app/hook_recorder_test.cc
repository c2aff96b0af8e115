// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/hook_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/base/concat.h"
#include "userspace/shipped/baseline.h"

namespace syscarve {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A container that no filter was in force on.
class HookProfileTextTest : public JobTest {
 protected:
  void SetUp() override {
    JobTest::SetUp();
    builder_.Calls({"execve", "read", "write"});
    for (const std::string_view name : {"mount", "pivot_root"}) {
      builder_.trace().runtime_calls[FindSyscall(Abi::kX86_64, name).value()] = {.count = 1};
    }
    Subject& subject = builder_.recording().subjects[0];
    subject.kind = SubjectKind::kContainer;
    subject.start = ContainerStart();
  }

  // A runtime of this name that prints `version`, and leaves a file when it is executed. Its path.
  std::string RuntimeCalled(const std::string& name, const std::string& version) const {
    const std::string path =
        Write(name, Concat("#!/bin/sh\necho '", version, "'\necho >'", Path("was-executed"), "'\n"));
    EXPECT_EQ(chmod(path.c_str(), 0755), 0);
    return path;
  }

  // Without an input file if `input` is empty.
  std::string Text(const std::string& runtime, const std::string& input = "") {
    absl::StatusOr<ContainersCommonProfile> parsed = ContainersCommonProfile();
    if (!input.empty()) parsed = ParseContainersCommonProfile(input);
    EXPECT_TRUE(parsed.ok()) << parsed.status();
    absl::StatusOr<std::string> text = HookProfileText(builder_.Build(), *parsed, runtime, Path("baselines"), notes_);
    EXPECT_TRUE(text.ok()) << text.status();
    return text.ok() ? *std::move(text) : std::string();
  }

  RecordingBuilder builder_;
  KeptNotes notes_;
};

TEST_F(HookProfileTextTest, OfAnUnknownRuntimeAllThatItDidIsAllowed) {
  const std::string runtime = RuntimeCalled("other", "runc version 1.1.5");
  const std::string text = Text(runtime);
  for (const char* const name : {R"("read")", R"("mount")", R"("pivot_root")"}) EXPECT_THAT(text, HasSubstr(name));
  EXPECT_THAT(notes_.notes, Contains(StartsWith("allowed for the runtime: all that the runtime did")));
  // What no baseline is known of is not executed.
  EXPECT_THAT(In(), Not(Contains("was-executed")));
}

TEST_F(HookProfileTextTest, AMeasuredRuntimeIsAllowedWhatWasMeasured) {
  const Baseline measured = {
      .runtime = "runc", .version = "1.1.5", .abi = Abi::kX86_64, .names = {"acct"}, .provenance = "a test"};
  Write("baselines/one.json", FormatBaseline(measured));
  const std::string text = Text(RuntimeCalled("runc", "runc version 1.1.5+ds1"));
  EXPECT_THAT(text, HasSubstr(R"("acct")"));
  EXPECT_THAT(text, Not(HasSubstr(R"("mount")")));
  EXPECT_THAT(In(), Contains("was-executed"));
  EXPECT_THAT(notes_.warnings, IsEmpty());
}

TEST_F(HookProfileTextTest, ARuntimeThatDoesNotTellItsVersionIsSaid) {
  EXPECT_THAT(Text(RuntimeCalled("runc", "nothing")), HasSubstr(R"("read")"));
  EXPECT_THAT(notes_.warnings, Contains(HasSubstr(Path("runc"))));
}

TEST_F(HookProfileTextTest, TheInputFileHasTheLastWord) {
  const std::string text = Text("", R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
      {"names":["read"],"action":"SCMP_ACT_KILL"},{"names":["write"],"action":"SCMP_ACT_ALLOW"}]})");
  EXPECT_THAT(notes_.warnings, ElementsAre("read was seen, and the input file keeps it SCMP_ACT_KILL"));
  EXPECT_EQ(text.find(R"("read")"), text.rfind(R"("read")"));
  EXPECT_THAT(text, HasSubstr(R"("execve")"));
}

TEST_F(HookProfileTextTest, WhatMayLackCallsBecomesNoProfile) {
  builder_.recording().losses = {{.what = "slots_full", .count = 1, .missed_calls = true, .detail = "calls"}};
  EXPECT_TRUE(absl::IsDataLoss(HookProfileText(builder_.Build(), {}, "", Path("baselines"), notes_).status()));
}

}  // namespace
}  // namespace syscarve
