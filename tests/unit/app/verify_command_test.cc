// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verify_command.h"

#include <errno.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <sys/syscall.h>

#include <string>
#include <vector>

#include "tests/unit/actions.h"
#include "userspace/app/verify_report.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::IsEmpty;

FilteredCall Mkdir(Action action = kEperm) {
  return {.audit_arch = AuditArch(NativeAbi()),
          .nr = static_cast<int>(FindSyscall(NativeAbi(), "mkdirat")->nr),
          .program = {.path = "/bin/mkdir"},
          .action = action};
}

VerifiedRun Reporting(int status = 0) {
  VerifiedRun run;
  run.status = status;
  run.took = seconds(2);
  return run;
}

VerifiedRun Enforced(int status = 0) {
  VerifiedRun run = Reporting(status);
  run.enforced = true;
  return run;
}

VerifiedRun RunRefusing(VerifiedRun run, const FilteredCall& call) {
  run.refused[call] = {.count = 3, .first_arguments = {}, .first_call = "mkdirat(AT_FDCWD, \"/new\", 0755)"};
  return run;
}

Profile AllowNothing() {
  Profile profile;
  profile.default_action = kEperm;
  profile.abis = {NativeAbi()};
  return profile;
}

Verification JudgedRuns(std::vector<VerifiedRun> runs, const Profile& profile = AllowNothing(),
                        bool start_refused = false) {
  runs.back().start_refused = start_refused;
  return JudgeRuns(std::move(runs), {}, profile);
}

std::vector<VerifyProblemKind> CommandKinds(const Verification& result) {
  std::vector<VerifyProblemKind> kinds;
  for (const VerifyProblem& problem : result.problems) kinds.push_back(problem.kind);
  return kinds;
}

TEST(VerifyCommandTest, PassesWhenNothingIsRefusedAndAllSucceed) {
  const Verification result = JudgedRuns({Reporting(), Reporting(), Enforced(), Enforced()});
  EXPECT_TRUE(result.Passed());
  EXPECT_THAT(result.remarks, IsEmpty());
}

TEST(VerifyCommandTest, ARefusedCallIsNamedOnceWithWhatMendsIt) {
  const Verification result = JudgedRuns({RunRefusing(Reporting(), Mkdir()), RunRefusing(Enforced(), Mkdir())});
  ASSERT_THAT(CommandKinds(result), testing::ElementsAre(VerifyProblemKind::kRefused));
  EXPECT_THAT(result.problems[0].message, HasSubstr("refused mkdirat("));
  EXPECT_THAT(result.problems[0].message, HasSubstr("/bin/mkdir"));
  EXPECT_THAT(result.problems[0].fix, HasSubstr("--allow mkdirat"));
}

TEST(VerifyCommandTest, WhatWouldBeRefusedInOneOfManyReportingRunsIsEnough) {
  const Verification result = JudgedRuns({Reporting(), RunRefusing(Reporting(), Mkdir()), Reporting()});
  ASSERT_THAT(CommandKinds(result), testing::ElementsAre(VerifyProblemKind::kRefused));
  EXPECT_THAT(result.problems[0].message, HasSubstr("would refuse mkdirat("));
}

TEST(VerifyCommandTest, ACallThatTheProfileSaysIsMissingIsARemark) {
  Profile profile = AllowNothing();
  profile.rules.push_back({.names = {"mkdirat"}, .action = kEnosys, .conditions = {}, .comment = ""});
  const Verification named = JudgedRuns({Reporting(), RunRefusing(Enforced(), Mkdir(kEnosys))}, profile);
  EXPECT_TRUE(named.Passed());
  EXPECT_THAT(named.remarks, testing::ElementsAre(HasSubstr("mkdirat")));
  // A default that says so is no decision about this call.
  EXPECT_FALSE(JudgedRuns({Reporting(), RunRefusing(Enforced(), Mkdir(kEnosys))}).Passed());
}

TEST(VerifyCommandTest, AFailureOnlyUnderTheProfileFails) {
  EXPECT_THAT(CommandKinds(JudgedRuns({Reporting(), Enforced(3)})), testing::ElementsAre(VerifyProblemKind::kFails));
}

TEST(VerifyCommandTest, ACommandThatAlwaysFailsProvesNothing) {
  EXPECT_THAT(CommandKinds(JudgedRuns({Reporting(3), Reporting(3)})),
              testing::ElementsAre(VerifyProblemKind::kFailsAnyway));
}

TEST(VerifyCommandTest, ACommandThatFailsNowAndThenMayDoSoUnderTheProfile) {
  const Verification result = JudgedRuns({Reporting(), Reporting(1), Enforced(), Enforced(1)});
  EXPECT_TRUE(result.Passed());
  EXPECT_EQ(result.remarks.size(), 2u);
  // But not each time.
  EXPECT_THAT(CommandKinds(JudgedRuns({Reporting(), Reporting(1), Enforced(1), Enforced(1)})),
              testing::ElementsAre(VerifyProblemKind::kFails));
}

TEST(VerifyCommandTest, WhatHadToBeKilledOnlyUnderTheProfileFails) {
  VerifiedRun left = Enforced();
  left.ended = 1;
  EXPECT_THAT(CommandKinds(JudgedRuns({Reporting(), left})), testing::ElementsAre(VerifyProblemKind::kStops));
  VerifiedRun usual = Reporting();
  usual.ended = 1;
  EXPECT_TRUE(JudgedRuns({usual, left}).Passed());
}

TEST(VerifyCommandTest, ARunThatTakesTooLongFails) {
  VerifiedRun hangs = Enforced(137);
  hangs.over_limit = true;
  hangs.ended = 4;
  const Verification result = JudgedRuns({Reporting(), hangs});
  EXPECT_THAT(CommandKinds(result), testing::ElementsAre(VerifyProblemKind::kFails, VerifyProblemKind::kTakesTooLong));
  EXPECT_THAT(result.problems[1].message, HasSubstr("2.0 s"));
}

TEST(VerifyCommandTest, ARefusedStartIsToldAsThat) {
  EXPECT_THAT(CommandKinds(JudgedRuns({Reporting(), Enforced(126)}, AllowNothing(), /*start_refused=*/true)),
              testing::ElementsAre(VerifyProblemKind::kStartIsRefused));
}

TEST(VerifyReportTest, TellsInBothFormats) {
  const Verification result = JudgedRuns({RunRefusing(Reporting(), Mkdir())});
  const VerifiedSubject subject = {.profile = "web.json", .command = {"true"}};
  const std::string junit = VerificationJunit(result, subject);
  EXPECT_THAT(junit, HasSubstr("tests=\"6\" failures=\"1\""));
  EXPECT_THAT(junit, HasSubstr("would refuse mkdirat"));
  const std::string json = VerificationJson(result, {}, subject);
  EXPECT_THAT(json, HasSubstr("\"passed\": false"));
  EXPECT_THAT(json, HasSubstr("\"kind\": \"refused\""));
}

}  // namespace
}  // namespace syscarve
