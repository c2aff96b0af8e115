// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

#include "tests/unit/actions.h"
#include "userspace/app/container_findings.h"
#include "userspace/app/verify_containers.h"
#include "userspace/app/verify_report.h"
#include "userspace/model/capability.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

SyscallId Call(const char* name) {
  return *FindSyscall(NativeAbi(), name);
}

VerifiedContainer Ended(int status, milliseconds stop = milliseconds(100), bool confined = true) {
  VerifiedContainer container;
  container.service = container.name = "web";
  container.confined = confined;
  container.status = status;
  container.stop = stop;
  return container;
}

VerifiedRun Made(bool enforced, std::vector<VerifiedContainer> containers, int status = 0) {
  VerifiedRun run;
  run.enforced = enforced;
  run.status = status;
  run.containers.emplace();
  run.containers->containers = std::move(containers);
  return run;
}

const std::vector<ServiceProfile> kWeb = {{.title = "web", .file = "profiles/web.json"}};

Verification Judged(std::vector<VerifiedRun> runs, bool chosen = false) {
  return JudgeContainers(std::move(runs), kWeb, chosen);
}

std::vector<VerifyProblemKind> ContainerKinds(const Verification& result) {
  std::vector<VerifyProblemKind> kinds;
  for (const VerifyProblem& problem : result.problems) kinds.push_back(problem.kind);
  return kinds;
}

TEST(JudgeContainersTest, PassesWhenNothingChanges) {
  const Verification result = Judged({Made(false, {Ended(0)}), Made(true, {Ended(0)})});
  EXPECT_THAT(result.problems, IsEmpty());
  EXPECT_THAT(result.remarks, IsEmpty());
}

TEST(JudgeContainersTest, ARefusalIsToldWithCallProgramTestAndWhatMendsIt) {
  VerifiedRun run = Made(false, {Ended(0)});
  run.containers->refused[{.service = "web", .call = Call("mkdirat"), .answer = "EPERM"}] = {
      .count = 2, .programs = {"/bin/app"}, .tests = {"upload"}, .excuse = ""};
  run.containers->refused[{.service = "web", .call = Call("clone3"), .answer = "ENOSYS"}] = {
      .count = 1, .programs = {}, .tests = {}, .excuse = "known"};
  const Verification result = Judged({run});
  ASSERT_THAT(ContainerKinds(result), ElementsAre(VerifyProblemKind::kRefused));
  EXPECT_EQ(result.problems[0].message, "web: would refuse mkdirat (EPERM), 2 times, by /bin/app, in test upload");
  EXPECT_THAT(result.problems[0].fix, HasSubstr("generate --allow mkdirat"));
  ASSERT_EQ(result.remarks.size(), 1u);
  EXPECT_THAT(result.remarks[0], HasSubstr("known"));
}

TEST(JudgeContainersTest, AStopThatHangs) {
  const Verification result = Judged({Made(false, {Ended(0)}), Made(true, {Ended(137, milliseconds(10'100))})});
  ASSERT_THAT(ContainerKinds(result), ElementsAre(VerifyProblemKind::kStops));
  EXPECT_EQ(
      result.problems[0].message,
      "web: under the profile container web ended with status 137 10.1 s after the request to stop; without it with "
      "status 0 0.1 s after the request to stop");
}

TEST(JudgeContainersTest, AStopThatTakesMuchLonger) {
  EXPECT_THAT(
      ContainerKinds(Judged({Made(false, {Ended(0, milliseconds(1000))}), Made(true, {Ended(0, milliseconds(5001))})})),
      ElementsAre(VerifyProblemKind::kStops));
  EXPECT_THAT(
      ContainerKinds(Judged({Made(false, {Ended(0, milliseconds(1000))}), Made(true, {Ended(0, milliseconds(5000))})})),
      IsEmpty());
}

TEST(JudgeContainersTest, AStatusThatWasThereBeforeIsNoNews) {
  EXPECT_THAT(ContainerKinds(Judged(
                  {Made(false, {Ended(0)}), Made(false, {Ended(1)}), Made(true, {Ended(1)}), Made(true, {Ended(0)})})),
              IsEmpty());
}

TEST(JudgeContainersTest, AServiceThatNeverStarted) {
  EXPECT_THAT(ContainerKinds(Judged({Made(false, {})})), ElementsAre(VerifyProblemKind::kNeverStarted));
  EXPECT_THAT(ContainerKinds(Judged({Made(false, {Ended(0)}), Made(true, {})})),
              ElementsAre(VerifyProblemKind::kNeverStarted));
  // Of those that the user named there must be one.
  EXPECT_THAT(ContainerKinds(Judged({Made(false, {})}, /*chosen=*/true)),
              ElementsAre(VerifyProblemKind::kNeverStarted));
}

TEST(JudgeContainersTest, AContainerWithoutItsProfile) {
  const Verification result =
      Judged({Made(false, {Ended(0)}), Made(true, {Ended(0, milliseconds(100), /*confined=*/false)})});
  EXPECT_THAT(ContainerKinds(result), ElementsAre(VerifyProblemKind::kNotConfined));
}

TEST(JudgeContainersTest, AContainerThatIsLeftRunning) {
  VerifiedContainer left = Ended(0);
  left.status = std::nullopt;
  left.stop = std::nullopt;
  left.running = true;
  EXPECT_THAT(ContainerKinds(Judged({Made(false, {left})})), ElementsAre(VerifyProblemKind::kLeftRunning));
}

TEST(JudgeContainersTest, ATestThatFailsNowAndThen) {
  EXPECT_THAT(ContainerKinds(Judged({Made(false, {Ended(0)}), Made(false, {Ended(0)}, 1), Made(true, {Ended(0)}, 1),
                                     Made(true, {Ended(0)})})),
              IsEmpty());
  EXPECT_THAT(ContainerKinds(Judged({Made(false, {Ended(0)}), Made(true, {Ended(0)}, 1)})),
              ElementsAre(VerifyProblemKind::kFails));
  EXPECT_THAT(ContainerKinds(Judged({Made(false, {Ended(0)}, 1)})), ElementsAre(VerifyProblemKind::kFailsAnyway));
}

TEST(JudgeContainersTest, TheReportHasServicesAndProfiles) {
  VerifiedRun run = Made(false, {Ended(0)});
  run.containers->refused[{.service = "web", .call = Call("mkdirat"), .answer = "EPERM"}] = {
      .count = 2, .programs = {"/bin/app"}, .tests = {"upload"}, .excuse = ""};
  const Verification result = Judged({run});
  const VerifiedSubject subject = {.profile = "", .command = {"./tests"}, .services = {{"web", "profiles/web.json"}}};
  const std::string json = VerificationJson(result, {}, subject);
  for (const char* part : {R"("web": "profiles/web.json")", R"("service": "web")", R"("upload")", R"("confined": true)",
                           R"("stop_milliseconds": 100)"}) {
    EXPECT_THAT(json, HasSubstr(part));
  }
  EXPECT_THAT(VerificationJunit(result, subject), HasSubstr("profiles/web.json"));
}

// A recording of one container.
Recording Recorded(const SubjectTrace& trace) {
  Recording recording;
  recording.host.native_abi = NativeAbi();
  recording.method = {
      .backend = "bpf", .events = "first", .capabilities = "fexit", .denials = "sys_exit", .attach = ""};
  recording.programs = {{.path = "/bin/app"}};
  recording.subjects = {{.kind = SubjectKind::kContainer, .name = "web"}};
  recording.runs.push_back(
      {.id = std::string(32, 'a'), .name = "upload", .command = std::nullopt, .subjects = {{0, trace}}});
  return recording;
}

Observation Once() {
  Observation seen;
  seen.count = 1;
  seen.programs[0] = 1;
  return seen;
}

CapabilityUse Asked(const char* call, uint64_t granted, uint64_t denied) {
  CapabilityUse use;
  use.during[Call(call)] = {.granted = granted, .denied = denied};
  return use;
}

ServiceProfile ProfileRefusing(const char* call) {
  ServiceProfile service;
  service.title = "web";
  service.profile = AllBut(call);
  service.cap_add.emplace();
  return service;
}

TEST(JudgeContainersTest, ALimitThatIsRaisedTooFarNeedsNoCapability) {
  VerifiedRun run = Made(true, {Ended(0)});
  run.containers->capabilities[{"web", *CapabilityFromName("CAP_SYS_RESOURCE")}] = "web was refused it, for prlimit64";
  run.containers->capabilities[{"web", *CapabilityFromName("CAP_CHOWN")}] = "web was refused it, for chown";
  std::vector<ServiceProfile> profiles = kWeb;
  profiles[0].line.emplace().open_files = 1024;
  const Verification result = JudgeContainers({Made(false, {Ended(0)}), run}, profiles, false);
  ASSERT_EQ(result.problems.size(), 2u);
  for (const VerifyProblem& problem : result.problems) {
    const bool limit = problem.message.find("prlimit64") != std::string::npos;
    EXPECT_EQ(problem.fix.find("--leave-out open-files") != std::string::npos, limit) << problem.fix;
  }
}

TEST(ContainerFindingsTest, WhatWouldBeRefused) {
  SubjectTrace trace;
  trace.calls[Call("mkdirat")] = Once();
  trace.calls[Call("close")] = Once();
  trace.capabilities[*CapabilityFromName("CAP_CHOWN")] = Asked("fchownat", 1, 0);
  VerifiedContainers found;
  RefusedBefore before;
  ASSERT_TRUE(FindWouldBeRefused(ProfileRefusing("mkdirat"), Recorded(trace), found, before).ok());
  ASSERT_EQ(found.refused.size(), 1u);
  const auto& [call, refusals] = *found.refused.begin();
  EXPECT_EQ(call.call, Call("mkdirat"));
  EXPECT_EQ(call.answer, "EPERM");
  EXPECT_THAT(refusals.programs, ElementsAre("/bin/app"));
  EXPECT_THAT(refusals.tests, ElementsAre("upload"));
  ASSERT_EQ(found.capabilities.size(), 1u);
  EXPECT_THAT(found.capabilities.begin()->second, HasSubstr("needs CAP_CHOWN, for fchownat"));
}

TEST(ContainerFindingsTest, ACapabilityThatIsGivenOrOfWhichNothingIsKnown) {
  SubjectTrace trace;
  trace.capabilities[*CapabilityFromName("CAP_CHOWN")] = Asked("fchownat", 1, 0);
  ServiceProfile service = ProfileRefusing("mkdirat");
  VerifiedContainers found;
  RefusedBefore before;
  service.cap_add = {"CAP_CHOWN"};
  ASSERT_TRUE(FindWouldBeRefused(service, Recorded(trace), found, before).ok());
  service.cap_add.reset();
  ASSERT_TRUE(FindWouldBeRefused(service, Recorded(trace), found, before).ok());
  EXPECT_THAT(found.capabilities, IsEmpty());
}

TEST(ContainerFindingsTest, WhatWasRefusedUnlessItWasBefore) {
  SubjectTrace trace;
  trace.denials[Call("mkdirat")] = {{.errno_value = EPERM, .count = 1, .programs = {{0, 1}}}};
  trace.capabilities[*CapabilityFromName("CAP_CHOWN")] = Asked("fchownat", 0, 1);
  const ServiceProfile service = ProfileRefusing("mkdirat");
  VerifiedContainers found;
  ASSERT_TRUE(FindRefused(service, Recorded(trace), {}, found).ok());
  ASSERT_EQ(found.refused.size(), 1u);
  EXPECT_EQ(found.refused.begin()->second.excuse, "");
  EXPECT_EQ(found.capabilities.size(), 1u);

  RefusedBefore before;
  VerifiedContainers ignored;
  ASSERT_TRUE(FindWouldBeRefused(service, Recorded(trace), ignored, before).ok());
  VerifiedContainers again;
  ASSERT_TRUE(FindRefused(service, Recorded(trace), before, again).ok());
  EXPECT_NE(again.refused.begin()->second.excuse, "");
  EXPECT_THAT(again.capabilities, IsEmpty());
}

}  // namespace
}  // namespace syscarve
