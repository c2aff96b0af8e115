// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/recorded_runs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/app/job_test.h"
#include "userspace/base/unique_fd.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::Pair;

CreateRequest AskedFor(const std::string& service) {
  CreateRequest asked;
  asked.container.name = service + "-1";
  asked.container.labels[std::string(kComposeServiceLabel)] = service;
  return asked;
}

ServiceProfile ProfileCalled(const std::string& title) {
  ServiceProfile profile;
  profile.title = title;
  profile.file = "profiles/" + title + ".json";
  profile.engine_profile = "the text of " + title;
  return profile;
}

TEST(ConfinementUnderTest, AContainerGetsTheProfileOfItsService) {
  VerifyContainersRequest request;
  request.profiles = {ProfileCalled("cache"), ProfileCalled("web")};
  const std::optional<Confinement> web = ConfinementUnder(AskedFor("web"), request, {});
  ASSERT_TRUE(web.has_value());
  EXPECT_EQ(web->profile, "the text of web");
  EXPECT_EQ(web->cap_add, std::nullopt);
  EXPECT_FALSE(web->line.has_value());
  EXPECT_EQ(web->label, kConfinedLabel);
  EXPECT_FALSE(ConfinementUnder(AskedFor("db"), request, {}).has_value());
}

TEST(ConfinementUnderTest, WhatTheFilterLeavesOutIsLeftAsItIs) {
  VerifyContainersRequest request;
  request.profiles = {ProfileCalled("cache"), ProfileCalled("web")};
  request.filter.names = {"web-*"};
  EXPECT_TRUE(ConfinementUnder(AskedFor("web"), request, {}).has_value());
  EXPECT_FALSE(ConfinementUnder(AskedFor("cache"), request, {}).has_value());
}

TEST(ConfinementUnderTest, AnEngineThatOpensProfilesIsToldThePath) {
  VerifyContainersRequest request;
  request.profiles = {ProfileCalled("web")};
  EXPECT_EQ(ConfinementUnder(AskedFor("web"), request, {{"web", "/run/0.json"}})->profile, "/run/0.json");
}

TEST(ConfinementUnderTest, TheCapabilitiesOfThePlanCountBeforeThoseOfTheProfile) {
  VerifyContainersRequest request;
  request.profiles = {ProfileCalled("web")};
  ServiceProfile& web = request.profiles.front();
  web.cap_add = {"CAP_CHOWN"};
  EXPECT_THAT(ConfinementUnder(AskedFor("web"), request, {})->cap_add, Optional(ElementsAre("CAP_CHOWN")));
  // A plan may say nothing of them.
  web.line.emplace().open_files = 1024;
  const std::optional<Confinement> planned = ConfinementUnder(AskedFor("web"), request, {});
  EXPECT_THAT(planned->cap_add, Optional(ElementsAre("CAP_CHOWN")));
  EXPECT_EQ(planned->line->open_files, 1024U);
  web.line->cap_add.emplace();
  EXPECT_THAT(ConfinementUnder(AskedFor("web"), request, {})->cap_add, Optional(IsEmpty()));
}

class RecordedRunsTest : public JobTest {};

TEST_F(RecordedRunsTest, EveryProfileHasAFileForTheEngine) {
  const std::vector<ServiceProfile> profiles = {ProfileCalled("web"), ProfileCalled("cache")};
  const absl::StatusOr<ProfilePaths> paths = WriteEngineProfiles(profiles, folder_);
  ASSERT_TRUE(paths.ok()) << paths.status();
  EXPECT_THAT(*paths, ElementsAre(Pair("cache", Path("1.seccomp.json")), Pair("web", Path("0.seccomp.json"))));
  EXPECT_EQ(Read("0.seccomp.json"), "the text of web");
  EXPECT_EQ(Read("1.seccomp.json"), "the text of cache");
  EXPECT_FALSE(WriteEngineProfiles(profiles, Path("none")).ok());
}

TEST_F(RecordedRunsTest, WithoutAnEngineThereAreNone) {
  VerifyContainersRequest request;
  request.engine_socket = Path("no.sock");
  absl::StatusOr<SignalForwarder> signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok()) << signals.status();
  KeptNotes notes;
  const Command command;
  EXPECT_TRUE(absl::IsUnavailable(RunsWithRecorder(request, command, *signals, notes).status()));
}

TEST(RecorderOutcomeTest, IsReadAsItWasWritten) {
  const auto passed_on = [](const absl::StatusOr<RecordedContainers>& recorded) {
    return ParseOutcome(FormatOutcome(recorded));
  };
  EXPECT_EQ(passed_on(RecordedContainers{.command_status = 0}).value(), 0);
  EXPECT_EQ(passed_on(RecordedContainers{.command_status = 137}).value(), 137);
  EXPECT_EQ(passed_on(absl::PermissionDeniedError("not as root")).status(), absl::PermissionDeniedError("not as root"));
  EXPECT_EQ(passed_on(absl::NotFoundError("")).status(), absl::NotFoundError(""));
  EXPECT_EQ(passed_on(RecordedContainers{.all_written = false, .command_status = 3}).status(),
            absl::InternalError("a recording was not kept"));
}

TEST(RecorderOutcomeTest, WithoutOneTheRecorderEndedAtOnce) {
  for (const char* const text : {"", " ", "0", "7", "seven words", "0x0 0", " 0 0", "99999999999 x"}) {
    EXPECT_EQ(ParseOutcome(text).status(), absl::InternalError("the recorder ended at once")) << text;
  }
}

RecordedRun RunThatEnded(int status) {
  RecordedRun run;
  run.status = status;
  run.recordings = "recordings/1";
  return run;
}

TEST(WithReportTest, JoinsWhatTheRelaySaw) {
  RelayReport report;
  report.events.emplace_back().id = "a";
  report.problems = {"a request was not passed on"};
  const absl::StatusOr<RecordedRun> run = WithReport(RunThatEnded(3), report, "/run/docker.sock");
  ASSERT_TRUE(run.ok()) << run.status();
  EXPECT_EQ(run->status, 3);
  EXPECT_EQ(run->recordings, "recordings/1");
  ASSERT_EQ(run->events.size(), 1U);
  EXPECT_EQ(run->events[0].id, "a");
  EXPECT_THAT(run->problems, ElementsAre("a request was not passed on"));
}

TEST(WithReportTest, ThatTheEngineWentAwayCountsBeforeAllElse) {
  RelayReport gone;
  gone.engine_gone = true;
  for (const absl::StatusOr<RecordedRun>& recorded :
       {absl::StatusOr<RecordedRun>(RunThatEnded(0)), absl::StatusOr<RecordedRun>(absl::AbortedError("a signal"))}) {
    const absl::Status status = WithReport(recorded, gone, "/run/\x1b.sock").status();
    EXPECT_TRUE(absl::IsUnavailable(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("engine at /run/\\x1b.sock went away"));
  }
}

TEST(WithReportTest, TheRecordersErrorCountsBeforeTheRelays) {
  const absl::Status ours = absl::AbortedError("a signal");
  const absl::Status relays = absl::InternalError("the relay ended");
  EXPECT_EQ(WithReport(ours, relays, "").status(), ours);
  EXPECT_EQ(WithReport(ours, RelayReport(), "").status(), ours);
  EXPECT_EQ(WithReport(RunThatEnded(0), relays, "").status(), relays);
}

// A recorder that records nothing: a child of ours.
class WaitForRecorderTest : public testing::Test {
 protected:
  static constexpr milliseconds kNever = std::chrono::hours(1);

  // Returns when the child, in which `work` must not return, says that it is ready.
  void Start(void (*work)()) {
    int ready[2];
    ASSERT_EQ(pipe2(ready, O_CLOEXEC), 0);
    const UniqueFd told(ready[0]);
    UniqueFd tell(ready[1]);
    recorder_ = fork();
    ASSERT_GE(recorder_, 0);
    if (recorder_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      sigset_t none;
      sigemptyset(&none);
      tell_ = tell.get();
      signal(SIGTERM, SIG_DFL);
      sigprocmask(SIG_SETMASK, &none, nullptr);
      work();
      _exit(1);
    }
    signals_.SetTarget(recorder_);
    tell.reset();
    char byte;
    ASSERT_EQ(read(told.get(), &byte, 1), 1);
  }
  // In the child.
  static void Ready() {
    if (write(tell_, "", 1) != 1) _exit(1);
  }

  absl::Status Wait(std::optional<milliseconds> limit, milliseconds grace = kNever) {
    return WaitForRecorder(recorder_, limit, grace, signals_, over_limit_);
  }
  bool IsReaped() const { return waitpid(recorder_, nullptr, WNOHANG) < 0; }

  static inline int tell_ = -1;
  SignalForwarder signals_ = SignalForwarder::Create().value();
  pid_t recorder_ = 0;
  bool over_limit_ = false;
};

TEST_F(WaitForRecorderTest, ItEndsByItself) {
  Start([] {
    Ready();
    _exit(0);
  });
  EXPECT_TRUE(Wait(kNever).ok());
  EXPECT_FALSE(over_limit_);
  EXPECT_TRUE(IsReaped());
}

TEST_F(WaitForRecorderTest, AtTheLimitItIsToldToEnd) {
  Start([] {
    Ready();
    for (;;) pause();
  });
  EXPECT_TRUE(Wait(milliseconds(0)).ok());
  EXPECT_TRUE(over_limit_);
  EXPECT_TRUE(IsReaped());
}

TEST_F(WaitForRecorderTest, WhatOutlivesTheGracePeriodIsKilled) {
  Start([] {
    signal(SIGTERM, SIG_IGN);
    // The command, which is ready when it is another program than ours.
    const pid_t command = fork();
    if (command == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(tell_, STDOUT_FILENO);
      execl("/bin/sh", "sh", "-c", "echo; exec sleep 1000", nullptr);
      _exit(1);
    }
    waitpid(command, nullptr, 0);
    _exit(0);
  });
  EXPECT_TRUE(Wait(milliseconds(0), milliseconds(0)).ok());
  EXPECT_TRUE(over_limit_);
  EXPECT_TRUE(IsReaped());
}

TEST_F(WaitForRecorderTest, ASignalIsPassedOnAndEndsTheVerification) {
  Start([] {
    Ready();
    for (;;) pause();
  });
  ASSERT_EQ(raise(SIGTERM), 0);
  EXPECT_EQ(Wait(std::nullopt), absl::AbortedError("a signal ended the verification before all runs were made"));
  EXPECT_FALSE(over_limit_);
  EXPECT_TRUE(IsReaped());
}

}  // namespace
}  // namespace syscarve
