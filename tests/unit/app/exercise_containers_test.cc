// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/exercise_containers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <string>

#include "tests/unit/app/job_test.h"
#include "tests/unit/container/fake_engine.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kId(64, 'a');
const std::string kExec(64, 'e');
const std::set<Exercise> kAll = {Exercise::kHealth, Exercise::kExec, Exercise::kReload, Exercise::kRestart,
                                 Exercise::kStop};

FakeEngine::Reply Done() {
  return {.bytes = "HTTP/1.1 204 No Content\r\n\r\n"};
}

class ExerciseContainersTest : public testing::Test {
 protected:
  ExerciseContainersTest() {
    Running();
    engine_.On("/containers/" + kId + "/exec", FakeEngine::Json("{\"Id\":\"" + kExec + "\"}", 201));
    engine_.On("/exec/" + kExec + "/start", FakeEngine::Reply{.bytes = "HTTP/1.1 200 OK\r\n\r\n"});
    engine_.On("/exec/" + kExec + "/json", FakeEngine::Json(R"({"Running":false,"ExitCode":0})"));
    engine_.On("/containers/" + kId + "/kill", Done());
    engine_.On("/containers/" + kId + "/start", Done());
    engine_.On("/containers/" + kId + "/restart", Done());
    engine_.On("/containers/" + kId + "/stop", [this](const FakeEngine::Request&) {
      Ended(0);
      return Done();
    });
    life_ = {.start_seen = true, .ends = {{.kind = EndKind::kRunning}}, .watched = true};
  }

  void Inspected(const std::string& state, const std::string& config = "") {
    engine_.On("/containers/" + kId + "/json",
               FakeEngine::Json("{\"Id\":\"" + kId + "\",\"Name\":\"/web\",\"State\":{" + state + "},\"Config\":{" +
                                config + "}}"));
  }
  // No process of this host has this pid, and so no port is open.
  void Running(const std::string& config = "") { Inspected(R"("Status":"running","Pid":4194304)", config); }
  void Ended(int status) { Inspected(R"("Status":"exited","Pid":0,"ExitCode":)" + std::to_string(status)); }

  void Exercised(const std::set<Exercise>& wanted) {
    auto engines = EngineWatchers::Start(std::vector<std::string>{engine_.path()});
    ASSERT_TRUE(engines.ok()) << engines.status();
    Recording recording;
    recording.subjects = {{.kind = SubjectKind::kContainer, .name = "x", .cgroup = "/docker/" + kId, .life = life_}};
    syscarve::Run run = {.id = std::string(32, '1')};
    run.subjects[0].calls[{Abi::kX86_64, 0}] = {.count = 1};
    recording.runs.push_back(run);
    ExerciseContainers({.recording = &recording}, *engines, {}, wanted, stop_, notes_);
  }

  FakeEngine engine_;
  Life life_;
  KeptNotes notes_;
  std::atomic<bool> stop_ = false;
};

TEST_F(ExerciseContainersTest, DrivesWhatWasNotSeen) {
  life_.first_catches = SignalBit(SIGHUP) | SignalBit(SIGTERM);
  life_.catches[0] = life_.first_catches;
  Running(R"("Healthcheck":{"Test":["CMD","/check"]})");
  Exercised(kAll);
  EXPECT_THAT(notes_.warnings, IsEmpty());
  EXPECT_THAT(notes_.notes, ElementsAre("exercise: web ran its health check", "exercise: web had an exec session: sh",
                                        "exercise: web was sent SIGHUP (read the configuration anew)",
                                        "exercise: web was restarted on its data",
                                        "exercise: web was stopped by SIGTERM, and ended with status 0"));
  EXPECT_EQ(engine_.WaitForRequest("/containers/" + kId + "/kill").target,
            "/containers/" + kId + "/kill?signal=SIGHUP");
}

TEST_F(ExerciseContainersTest, DrivesNothingThatWasSeenOrIsNotThere) {
  life_.joined = 1;
  life_.restarts = 1;
  Exercised({Exercise::kHealth, Exercise::kExec, Exercise::kReload, Exercise::kRestart});
  EXPECT_THAT(notes_.notes,
              ElementsAre("exercise: web has no health check",
                          "exercise: web has no handler on purpose for SIGHUP, SIGUSR1 or SIGUSR2: nothing to reload"));
  for (const char* verb : {"exec", "kill", "restart", "stop"}) {
    EXPECT_EQ(engine_.Requests("/containers/" + kId + "/" + verb), 0u) << verb;
  }
}

TEST_F(ExerciseContainersTest, SaysThatThereIsNoShell) {
  engine_.On("/exec/" + kExec + "/start", FakeEngine::Json(R"({"message":"exec: \"sh\": not found"})", 400));
  engine_.On("/exec/" + kExec + "/json", FakeEngine::Json(R"({"Running":false,"ExitCode":127})"));
  Exercised({Exercise::kExec});
  EXPECT_THAT(notes_.notes, ElementsAre("exercise: web has no shell: no exec session could be opened"));
}

TEST_F(ExerciseContainersTest, SaysThatAContainerIgnoresItsStopSignal) {
  engine_.On("/containers/" + kId + "/stop", [this](const FakeEngine::Request&) {
    Ended(137);
    return Done();
  });
  Exercised({Exercise::kStop});
  EXPECT_THAT(notes_.warnings, ElementsAre(HasSubstr("web did not end by SIGTERM in 10 s, and was killed")));
}

TEST_F(ExerciseContainersTest, SaysThatAContainerCannotBeRestartedAndGoesOn) {
  engine_.On("/containers/" + kId + "/restart", FakeEngine::Json(R"({"message":"its image is gone"})", 500));
  Exercised({Exercise::kRestart, Exercise::kStop});
  EXPECT_THAT(notes_.warnings,
              ElementsAre(testing::AllOf(HasSubstr("web cannot be restarted"), HasSubstr("its image is gone"))));
  EXPECT_THAT(notes_.notes, ElementsAre(HasSubstr("web was stopped by SIGTERM")));
}

TEST_F(ExerciseContainersTest, StartsAContainerAgainThatTakesAReloadAsItsEnd) {
  life_.first_catches = SignalBit(SIGHUP);
  life_.catches[0] = SignalBit(SIGHUP);
  engine_.On("/containers/" + kId + "/kill", [this](const FakeEngine::Request&) {
    Ended(129);
    return Done();
  });
  Exercised({Exercise::kReload});
  EXPECT_THAT(notes_.warnings, ElementsAre("exercise: web ended when it was sent SIGHUP; it is started again"));
  EXPECT_EQ(engine_.Requests("/containers/" + kId + "/start"), 1u);
}

TEST_F(ExerciseContainersTest, LeavesAJobAloneAndStartsAServiceAgain) {
  Ended(0);
  life_.ends = {{.kind = EndKind::kExited}};
  Exercised(kAll);
  EXPECT_THAT(notes_.notes, ElementsAre("exercise: web has ended by itself, and is not exercised"));
  EXPECT_EQ(engine_.Requests("/containers/" + kId + "/restart"), 0u);
  life_.ends = {{.kind = EndKind::kExited, .taken = SIGTERM}};
  engine_.On("/containers/" + kId + "/restart", [this](const FakeEngine::Request&) {
    Running();
    return Done();
  });
  Exercised({Exercise::kRestart, Exercise::kStop});
  EXPECT_THAT(notes_.notes, ElementsAre(testing::_, "exercise: web was restarted on its data",
                                        "exercise: web was stopped by SIGTERM, and ended with status 0"));
}

TEST_F(ExerciseContainersTest, AnEngineThatGoesAwayIsOneWarning) {
  engine_.On("/containers/" + kId + "/exec", FakeEngine::Reply{.bytes = ""});
  Exercised(kAll);
  EXPECT_THAT(notes_.warnings, ElementsAre(HasSubstr("web could not be exercised to the end: ")));
}

TEST_F(ExerciseContainersTest, EndsWhenItIsToldTo) {
  stop_ = true;
  Exercised(kAll);
  EXPECT_THAT(notes_.warnings, ElementsAre("exercise: the recording ended before all was exercised"));
  EXPECT_THAT(notes_.notes, IsEmpty());
}

TEST(ExerciseNamesTest, NamesAreThoseOfTheOption) {
  EXPECT_EQ(ExerciseFromName("health"), Exercise::kHealth);
  EXPECT_EQ(ExerciseFromName("stop"), Exercise::kStop);
  EXPECT_EQ(ExerciseFromName("shout"), std::nullopt);
}

}  // namespace
}  // namespace syscarve
