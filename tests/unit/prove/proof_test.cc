// SPDX-License-Identifier: Apache-2.0
#include "userspace/prove/proof.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>

#include <cerrno>
#include <string>
#include <utility>

namespace syscarve {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

ProcessEnding Ending(const std::string& program, uint32_t user, uint64_t capabilities = 0) {
  return {.program = program,
          .state = {.users = {user, user, user, user},
                    .groups = {user, user, user, user},
                    .permitted = capabilities,
                    .effective = capabilities,
                    .root = "/"}};
}

ProofRun Ran(std::set<ProcessEnding> endings, int status = 0) {
  return {.status = status, .took = std::chrono::milliseconds(10), .endings = std::move(endings)};
}

TEST(ReferenceRunsTest, ASuccessWithTheSameEndingsIsAsBefore) {
  const ReferenceRuns reference({Ran({Ending("/bin/a", 33)}), Ran({Ending("/bin/a", 33)})});
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 33)}), 0), std::nullopt);
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 33)}, 1), 0), "exit status 1 instead of success");
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 33)}, 137), 0), "signal 9 instead of success");
}

// The tests of a server that stays root pass.
TEST(ReferenceRunsTest, AProgramThatEndsAsAnotherUserDiffers) {
  const ReferenceRuns reference({Ran({Ending("/bin/a", 33), Ending("/bin/b", 0)})});
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 0), Ending("/bin/b", 0)}), 0),
            "/bin/a ends with user 0 instead of 33, group 0 instead of 33");
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/b", 0)}), 0), "/bin/a no longer runs to its end");
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 33), Ending("/bin/b", 0), Ending("/bin/c", 0)}), 0),
            "/bin/c ends but did not in any reference run");
}

TEST(ReferenceRunsTest, WhatWasTakenAwayIsNoDifference) {
  const uint64_t chown = uint64_t{1} << CAP_CHOWN;
  const uint64_t kill = uint64_t{1} << CAP_KILL;
  const ReferenceRuns reference({Ran({Ending("/bin/a", 0, chown | kill)})});
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 0, kill)}), chown), std::nullopt);
  EXPECT_THAT(reference.Difference(Ran({Ending("/bin/a", 0, 0)}), chown).value_or(""),
              HasSubstr("permitted capabilities none instead of CAP_KILL"));
}

TEST(ReferenceRunsTest, WhatDiffersByItselfIsNoDifference) {
  const ReferenceRuns reference({Ran({Ending("/bin/a", 1), Ending("/bin/sometimes", 0)}), Ran({Ending("/bin/a", 1)})});
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 1)}), 0), std::nullopt);
  EXPECT_EQ(reference.Difference(Ran({Ending("/bin/a", 1), Ending("/bin/sometimes", 0)}), 0), std::nullopt);
}

TEST(ReferenceRunsTest, TriesAgainWhatFailsByItself) {
  EXPECT_EQ(ReferenceRuns({Ran({}), Ran({})}).Attempts(), 1U);
  EXPECT_EQ(ReferenceRuns({Ran({}), Ran({}, 1)}).Attempts(), 5U);  // 0.5^5 is below one in twenty.
  EXPECT_EQ(ReferenceRuns({Ran({}), Ran({}, 1), Ran({}, 1), Ran({}, 1), Ran({}, 1)}).Attempts(), 10U);
  EXPECT_EQ(ReferenceRuns({Ran({}, 1), Ran({}, 1)}).Attempts(), 0U);
}

TEST(ReferenceRunsTest, MoreThatHasToBeEndedAndNoEndDiffer) {
  ProofRun run = Ran({});
  const ReferenceRuns reference({run});
  run.ended = 1;
  EXPECT_EQ(reference.Difference(run, 0), "1 process has to be ended");
  run = Ran({});
  run.over_limit = true;
  EXPECT_THAT(reference.Difference(run, 0).value_or(""), HasSubstr("still running"));
}

TEST(ReferenceRunsTest, WhatNoReferenceRunSawRefusedDiffers) {
  const ProgramRefusal chown = {.service = "", .program = "nginx", .call = "chown", .error = EPERM};
  const ProgramRefusal opened = {.service = "", .program = "nginx", .call = "openat", .error = EACCES};
  ProofRun first = Ran({});
  first.refusals = {opened};
  ProofRun failed = Ran({}, 1);
  const ReferenceRuns reference({first, Ran({}), failed});
  ProofRun run = Ran({});
  run.refusals = {opened};
  EXPECT_EQ(reference.Difference(run, 0), std::nullopt);
  EXPECT_FALSE(reference.DiffersInRefusalsOnly(run, 0));
  run.refusals.insert(chown);
  EXPECT_EQ(reference.Difference(run, 0), "nginx is refused chown with EPERM");
  EXPECT_TRUE(reference.DiffersInRefusalsOnly(run, 0));
  // Another errno, or another program, is another refusal.
  run.refusals = {{.service = "", .program = "nginx", .call = "openat", .error = EPERM}};
  EXPECT_EQ(reference.Difference(run, 0), "nginx is refused openat with EPERM");
  run.refusals = {{.service = "web", .program = "nginx", .call = "openat", .error = EACCES}};
  EXPECT_EQ(reference.Difference(run, 0), "web: nginx is refused openat with EACCES");
  // What differs otherwise is told first.
  run.status = 1;
  EXPECT_EQ(reference.Difference(run, 0), "exit status 1 instead of success");
  EXPECT_FALSE(reference.DiffersInRefusalsOnly(run, 0));
}

ProofRun RanContainer(int status, std::chrono::milliseconds stop, std::set<ProcessEnding> endings = {}) {
  ProofRun run = Ran(std::move(endings));
  run.containers.push_back({.service = "web", .name = "web-1", .id = "1", .status = status, .stop = stop});
  return run;
}

TEST(ReferenceRunsTest, AContainerThatEndsOtherwiseDiffers) {
  using std::chrono::milliseconds;
  const ReferenceRuns reference({RanContainer(0, milliseconds(100))});
  EXPECT_EQ(reference.Difference(RanContainer(0, milliseconds(2000)), 0), std::nullopt);
  EXPECT_EQ(reference.Difference(RanContainer(137, milliseconds(100)), 0),
            "container web-1 ends with signal 9 instead of exit status 0");
  EXPECT_EQ(reference.Difference(RanContainer(0, milliseconds(10'000)), 0),
            "container web-1 takes 10.0 s to stop instead of 0.1 s");
  ProofRun failed = RanContainer(1, milliseconds(0));
  failed.status = 2;
  EXPECT_EQ(reference.Difference(failed, 0),
            "exit status 2 instead of success; container web-1 ends with exit status 1 instead of exit status 0");
  ProofRun left = RanContainer(0, milliseconds(0));
  left.containers.front().running = true;
  EXPECT_EQ(reference.Difference(left, 0), "container web-1 is not ended");
}

TEST(ReferenceRunsTest, TheSameProgramOfAnotherServiceIsAnother) {
  ProcessEnding web = Ending("/bin/a", 33);
  web.service = "web";
  ProcessEnding job = Ending("/bin/a", 0);
  job.service = "job";
  ProcessEnding root = Ending("/bin/a", 0);
  root.service = "web";
  const ReferenceRuns reference({Ran({web, job})});
  EXPECT_EQ(reference.Difference(Ran({root, job}), 0),
            "web: /bin/a ends with user 0 instead of 33, group 0 instead of 33");
}

TEST(ReferenceRunsTest, NoNewPrivsIsPartOfAState) {
  ProcessEnding set = Ending("/bin/a", 0);
  set.state.no_new_privs = true;
  EXPECT_EQ(ReferenceRuns({Ran({set})}).Difference(Ran({Ending("/bin/a", 0)}), 0),
            "/bin/a ends with no_new_privs not set instead of set");
}

TEST(ProofTest, WhatWasTriedIsReadBack) {
  const ProvenCommand command = {.words = {"./t", "a b\xff"}, .user = "root"};
  Proof proof;
  proof.tried = {{.service = "web", .without = {"CAP_CHOWN", "CAP_KILL"}, .difference = "exit \xff"},
                 {.service = "", .without = {std::string(100, 'a') + "\xff"}, .difference = std::nullopt}};
  const absl::StatusOr<std::vector<Tried>> read = ReadTried(ProofJson(proof, command), command);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, proof.tried);
}

TEST(ProofTest, AReportOfAnotherCommandIsRefused) {
  const ProvenCommand command = {.words = {"./t"}, .user = ""};
  const std::string report = ProofJson(Proof(), command);
  EXPECT_THAT(ReadTried(report, {.words = {"./u"}, .user = ""}).status().message(), HasSubstr("another command"));
  EXPECT_THAT(ReadTried(report, {.words = {"./t"}, .user = "root"}).status().message(), HasSubstr("another user"));
  std::string older = report;
  const size_t version = older.find("\"version\": \"") + 12;
  older.insert(version, "0");
  EXPECT_THAT(ReadTried(older, command).status().message(), HasSubstr("was written by syscarve 0"));
  for (const char* const text : {"", "{}", "[]", R"({"schema": "syscarve.proof/2"})"}) {
    EXPECT_FALSE(ReadTried(text, command).ok()) << text;
  }
}

TEST(ProofTest, TheReportHasVerdictsAndPercentEncodesTheirReasons) {
  Proof proof;
  proof.reference = {Ran({})};
  proof.capabilities = {{"CAP_CHOWN", ProofVerdict::kNeeded, "/bin/\xff ends"},
                        {"CAP_KILL", ProofVerdict::kNotNeeded, ""},
                        {"CAP_MKNOD", ProofVerdict::kUndecided, "out of time"}};
  EXPECT_FALSE(proof.Complete());
  EXPECT_THAT(NamesOf(proof.capabilities, ProofVerdict::kNotNeeded), ElementsAre("CAP_KILL"));
  const std::string report = ProofJson(proof, {.words = {"./t"}, .user = ""});
  EXPECT_THAT(report, HasSubstr("syscarve.proof/1"));
  EXPECT_THAT(report, HasSubstr("%FF ends"));
  EXPECT_THAT(report, HasSubstr("\"undecided\""));
  proof.capabilities.pop_back();
  EXPECT_TRUE(proof.Complete());
}

}  // namespace
}  // namespace syscarve
