// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/verify_containers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/actions.h"
#include "tests/unit/app/job_test.h"
#include "tests/unit/policy/recordings.h"
#include "userspace/app/container_findings.h"
#include "userspace/base/concat.h"
#include "userspace/model/capability.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Optional;
using testing::StartsWith;

constexpr UnixNanos kMillisecond = 1'000'000;

// What a run leaves, as the recorder and the relay would.
struct Played {
  RecordedRun run;
  std::map<std::string, Recording> recordings;  // By title.

  EngineEvent& Happens(EngineEventKind kind, const Container& container, UnixNanos at = 1) {
    EngineEvent& event = run.events.emplace_back();
    event.kind = kind;
    event.id = container.id;
    event.name = container.name;
    event.labels = container.labels;
    event.time = at * kMillisecond;
    return event;
  }
  void Starts(const Container& container) { Happens(EngineEventKind::kStart, container); }
  void Ends(const Container& container, int status = 0) {
    Happens(EngineEventKind::kKill, container, 2000).signal = SIGTERM;
    Happens(EngineEventKind::kDie, container, 2100).exit_code = status;
  }
};

// Runs without an engine: what is recorded, and what happens, is what `play` says.
class PlayedRecordings final : public RecordedRuns {
 public:
  explicit PlayedRecordings(std::string folder) : folder_(std::move(folder)) {}

  absl::StatusOr<RecordedRun> Make(bool enforced, std::optional<milliseconds> limit) override {
    made.push_back(enforced);
    limits.push_back(limit);
    Played played;
    played.run.recordings = Concat(folder_, "/", made.size());
    std::filesystem::create_directory(played.run.recordings);
    SYSCARVE_RETURN_IF_ERROR(play(enforced, played));
    for (const auto& [title, recording] : played.recordings) {
      std::ofstream(Concat(played.run.recordings, "/", title, ".recording.json")) << FormatRecording(recording);
    }
    return std::move(played.run);
  }

  std::function<absl::Status(bool enforced, Played&)> play;
  std::vector<bool> made;  // Whether each run was enforced.
  std::vector<std::optional<milliseconds>> limits;

 private:
  std::string folder_;
};

Container ContainerOf(const std::string& service, bool confined = false) {
  Container container;
  container.id = std::string(64, service.front());
  container.name = service + "-1";
  container.labels[std::string(kComposeServiceLabel)] = service;
  if (confined) container.labels[std::string(kConfinedLabel)] = "1";
  return container;
}

RecordingBuilder RecordingOf(const Container& container) {
  RecordingBuilder builder(std::string{kVerifyRunName});
  builder.recording().method.denials = "sys_exit";
  builder.recording().subjects = {{.kind = SubjectKind::kContainer, .name = "its", .container = container}};
  builder.Call("read");
  return builder;
}

// Of a service whose containers were lost.
Recording WithoutContainers(bool missed_calls) {
  RecordingBuilder builder;
  Recording recording = std::move(builder.recording());
  recording.subjects.clear();
  recording.losses = {{.what = "containers_full", .count = 2, .missed_calls = missed_calls, .detail = "no room"}};
  return recording;
}

class VerifyContainersTest : public JobTest {
 protected:
  void SetUp() override {
    JobTest::SetUp();
    runs_.emplace(folder_);
    AddProfile("web");
    runs_->play = [](bool enforced, Played& played) {
      Live(ContainerOf("web", enforced), played);
      return absl::OkStatus();
    };
  }

  // It refuses mkdir.
  ServiceProfile& AddProfile(const std::string& title) {
    ServiceProfile service;
    service.title = title;
    service.file = Concat("profiles/", title, ".json");
    service.profile = AllBut("mkdir");
    service.profile.abis = {Abi::kX86_64};
    return request_.profiles.emplace_back(std::move(service));
  }

  // A container that is recorded, and ends with the command.
  static void Live(const Container& container, Played& played) {
    played.recordings[container.name] = RecordingOf(container).Build();
    played.Starts(container);
    played.Ends(container);
  }

  Verification Verify() {
    absl::StatusOr<Verification> result = VerifyContainers(request_, *runs_, notes_);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *std::move(result) : Verification();
  }
  absl::Status VerifyFails() { return VerifyContainers(request_, *runs_, notes_).status(); }

  static std::vector<std::string> Messages(const Verification& result) {
    std::vector<std::string> messages;
    for (const VerifyProblem& problem : result.problems) messages.push_back(problem.message);
    return messages;
  }

  VerifyContainersRequest request_;
  std::optional<PlayedRecordings> runs_;
  KeptNotes notes_;
};

TEST_F(VerifyContainersTest, BothPhasesAreRunAndRead) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    played.run.took = milliseconds(enforced ? 20 : 10);
    return absl::OkStatus();
  };
  const Verification result = Verify();
  EXPECT_THAT(Messages(result), IsEmpty());
  EXPECT_THAT(runs_->made, ElementsAre(false, true));
  ASSERT_EQ(result.runs.size(), 2U);
  for (const bool enforced : {false, true}) {
    const VerifiedRun& run = result.runs[enforced ? 1 : 0];
    EXPECT_EQ(run.enforced, enforced);
    EXPECT_EQ(run.took, milliseconds(enforced ? 20 : 10));
    ASSERT_EQ(run.containers->containers.size(), 1U);
    const VerifiedContainer& web = run.containers->containers.front();
    EXPECT_EQ(web.service, "web");
    EXPECT_EQ(web.name, "web-1");
    EXPECT_EQ(web.id, std::string(64, 'w'));
    EXPECT_EQ(web.confined, enforced);
    EXPECT_FALSE(web.running);
    EXPECT_EQ(web.status, 0);
    EXPECT_EQ(web.stop, milliseconds(100));
  }
  EXPECT_THAT(notes_.notes, ElementsAre("only reporting, run 1 of 1: exit status 0, 0.0 s, 1 container(s), 0 kinds of "
                                        "calls would be refused",
                                        "in force, run 1 of 1: exit status 0, 0.0 s, 1 container(s), 0 kinds of calls "
                                        "refused"));
}

TEST_F(VerifyContainersTest, ARecordingBelongsToTheProfileOfItsContainers) {
  AddProfile("cache");
  runs_->play = [](bool, Played& played) {
    Live(ContainerOf("cache"), played);
    Live(ContainerOf("web"), played);
    // Whatever it is called.
    played.recordings["cache"] = RecordingOf(ContainerOf("web")).Call("mkdir", 3).Build();
    return absl::OkStatus();
  };
  const Verification result = Verify();
  EXPECT_THAT(Messages(result), ElementsAre("web: would refuse mkdir (EPERM), 3 times, by /usr/bin/program"));
  // It is not put in force then.
  EXPECT_THAT(runs_->made, ElementsAre(false));
}

TEST_F(VerifyContainersTest, AProfileOfItsProjectComesBeforeThatOfItsService) {
  AddProfile("shop-web").profile.rules.clear();
  runs_->play = [](bool enforced, Played& played) {
    Container container = ContainerOf("web", enforced);
    container.labels[std::string(kComposeProjectLabel)] = "shop";
    Live(container, played);
    played.recordings[container.name] = RecordingOf(container).Call("mkdir").Build();
    Container other = ContainerOf("web", enforced);
    other.id = std::string(64, 'o');
    other.name = "other";
    Live(other, played);
    return absl::OkStatus();
  };
  const Verification result = Verify();
  EXPECT_THAT(Messages(result), IsEmpty());
  ASSERT_EQ(result.runs.size(), 2U);
  ASSERT_EQ(result.runs[0].containers->containers.size(), 2U);
  // By the names of their recordings.
  EXPECT_EQ(result.runs[0].containers->containers[0].service, "web");
  EXPECT_EQ(result.runs[0].containers->containers[1].service, "shop-web");
}

TEST_F(VerifyContainersTest, WhatHasNoProfileIsNotLookedAt) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    Live(ContainerOf("db"), played);
    Recording& db = played.recordings["db-1"];
    db = RecordingOf(ContainerOf("db")).Call("mkdir").Build();
    db.losses = {{.what = "ring_full", .count = 1, .missed_calls = true, .detail = "lost"}};
    // Nor is what its engine has not told of, although the file is called as a profile is.
    Recording& unknown = played.recordings["web"];
    unknown = db;
    unknown.subjects.front().container.reset();
    return absl::OkStatus();
  };
  const Verification result = Verify();
  EXPECT_THAT(Messages(result), IsEmpty());
  ASSERT_EQ(result.runs.size(), 2U);
  EXPECT_EQ(result.runs[0].containers->containers.size(), 1U);
}

TEST_F(VerifyContainersTest, WhatTheFilterLeavesOutIsNotLookedAt) {
  AddProfile("cache");
  request_.filter.names = {"web-*"};
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    Live(ContainerOf("cache"), played);
    Recording& cache = played.recordings["cache-1"];
    cache = RecordingOf(ContainerOf("cache")).Call("mkdir").Build();
    cache.losses = {{.what = "ring_full", .count = 1, .missed_calls = true, .detail = "lost"}};
    return absl::OkStatus();
  };
  const Verification result = Verify();
  // That the cache was never started is no problem: the containers that count were chosen.
  EXPECT_THAT(Messages(result), IsEmpty());
  ASSERT_EQ(result.runs.size(), 2U);
  ASSERT_EQ(result.runs[0].containers->containers.size(), 1U);
  EXPECT_EQ(result.runs[0].containers->containers[0].service, "web");
}

TEST_F(VerifyContainersTest, WhenNothingWasChosenEveryServiceMustStart) {
  AddProfile("cache");
  const Verification result = Verify();
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].kind, VerifyProblemKind::kNeverStarted);
  EXPECT_EQ(result.problems[0].service, "cache");
}

TEST_F(VerifyContainersTest, OnlyTheRecordingsNameTellsOfLostContainers) {
  runs_->play = [](bool, Played& played) {
    Live(ContainerOf("web"), played);
    played.recordings["web"] = WithoutContainers(/*missed_calls=*/true);
    return absl::OkStatus();
  };
  const absl::Status status = VerifyFails();
  EXPECT_TRUE(absl::IsDataLoss(status)) << status;
  EXPECT_EQ(status.message(),
            "the recording of web is incomplete, so that nothing is proven: containers_full (2): no room");
}

TEST_F(VerifyContainersTest, LostContainersOfOthersAreNoLoss) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    played.recordings["db"] = WithoutContainers(/*missed_calls=*/true);
    return absl::OkStatus();
  };
  EXPECT_THAT(Messages(Verify()), IsEmpty());
}

TEST_F(VerifyContainersTest, ALossOfCallsMakesEitherPhaseProveNothing) {
  for (const bool lossy : {false, true}) {
    runs_->made.clear();
    runs_->play = [lossy](bool enforced, Played& played) {
      Live(ContainerOf("web", enforced), played);
      if (enforced == lossy) {
        played.recordings["web-1"].losses = {
            {.what = "time_lost", .count = 1, .missed_calls = false, .detail = "a time"},
            {.what = "slots_full", .count = 7, .missed_calls = true, .detail = "calls"}};
      }
      return absl::OkStatus();
    };
    const absl::Status status = VerifyFails();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("slots_full (7): calls"));
    EXPECT_EQ(runs_->made.back(), lossy);
  }
}

TEST_F(VerifyContainersTest, ALossOfDetailAloneProvesNoLess) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    played.recordings["web-1"].losses = {
        {.what = "ring_full", .count = 7, .missed_calls = false, .detail = "first sightings"}};
    return absl::OkStatus();
  };
  EXPECT_THAT(Messages(Verify()), IsEmpty());
}

TEST_F(VerifyContainersTest, WhatWasRefusedInForceSpeaksAgainstTheProfile) {
  request_.profiles[0].cap_add.emplace();
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    if (enforced) {
      played.recordings["web-1"] = RecordingOf(ContainerOf("web", true))
                                       .Denied("mkdir", EPERM, 2)
                                       .Capability("CAP_CHOWN", "chown", 0, 1)
                                       .Build();
    }
    return absl::OkStatus();
  };
  const Verification result = Verify();
  EXPECT_THAT(runs_->made, ElementsAre(false, true));
  EXPECT_THAT(Messages(result), ElementsAre("web: refused mkdir (EPERM), 2 times, by /usr/bin/program",
                                            "web was refused CAP_CHOWN, for chown"));
}

TEST_F(VerifyContainersTest, WhatWasRefusedBeforeIsExcused) {
  request_.profiles[0].cap_add.emplace();
  AddProfile("cache").cap_add.emplace();
  request_.verify.runs = 2;
  runs_->play = [this](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    Live(ContainerOf("cache", enforced), played);
    const auto refused = [enforced](const std::string& service) {
      return RecordingOf(ContainerOf(service, enforced))
          .Denied("mkdir", EPERM)
          .Capability("CAP_CHOWN", "chown", 0, 1)
          .Build();
    };
    // Once is enough, and each service has its own.
    if (enforced || runs_->made.size() == 1) played.recordings["web-1"] = refused("web");
    if (enforced) played.recordings["cache-1"] = refused("cache");
    return absl::OkStatus();
  };
  const Verification result = Verify();
  EXPECT_THAT(runs_->made, ElementsAre(false, false, true, true));
  for (const VerifyProblem& problem : result.problems) EXPECT_EQ(problem.service, "cache") << problem.message;
  EXPECT_THAT(Messages(result),
              ElementsAre(StartsWith("cache: refused mkdir"), "cache was refused CAP_CHOWN, for chown"));
  EXPECT_THAT(result.remarks, ElementsAre(HasSubstr("so it was without the profile")));
}

TEST_F(VerifyContainersTest, AContainerThatEndsOtherwise) {
  runs_->play = [](bool enforced, Played& played) {
    const Container web = ContainerOf("web", enforced);
    played.recordings["web"] = RecordingOf(web).Build();
    played.Starts(web);
    played.Ends(web, enforced ? 137 : 0);
    return absl::OkStatus();
  };
  const Verification result = Verify();
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].kind, VerifyProblemKind::kStops);
  EXPECT_THAT(result.problems[0].message, StartsWith("web: under the profile container web-1 ended with status 137"));
}

TEST_F(VerifyContainersTest, AContainerThatOutlivesTheCommand) {
  runs_->play = [](bool enforced, Played& played) {
    const Container web = ContainerOf("web", enforced);
    played.recordings["web"] = RecordingOf(web).Build();
    played.Starts(web);
    return absl::OkStatus();
  };
  const Verification result = Verify();
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].kind, VerifyProblemKind::kLeftRunning);
  ASSERT_EQ(result.runs.size(), 1U);
  ASSERT_EQ(result.runs[0].containers->containers.size(), 1U);
  EXPECT_TRUE(result.runs[0].containers->containers[0].running);
  EXPECT_EQ(result.runs[0].containers->containers[0].status, std::nullopt);
}

TEST_F(VerifyContainersTest, AContainerThatOnlyTheEngineSawCounts) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    // A second one, which was over before the recorder saw it.
    Container second = ContainerOf("web", enforced);
    second.id = std::string(64, '2');
    second.name = "web-2";
    played.Starts(second);
    played.Ends(second, enforced ? 1 : 0);
    return absl::OkStatus();
  };
  const Verification result = Verify();
  ASSERT_EQ(result.runs.size(), 2U);
  EXPECT_EQ(result.runs[1].containers->containers.size(), 2U);
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_THAT(result.problems[0].message, StartsWith("web: under the profile container web-2 ended with status 1"));
}

TEST_F(VerifyContainersTest, AContainerThatWasCreatedPastTheRelay) {
  runs_->play = [](bool, Played& played) {
    Live(ContainerOf("web", /*confined=*/false), played);
    return absl::OkStatus();
  };
  const Verification result = Verify();
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].kind, VerifyProblemKind::kNotConfined);
}

TEST_F(VerifyContainersTest, ThatItIsConfinedIsTheRecordersWord) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    played.recordings["web-1"] = RecordingOf(ContainerOf("web", /*confined=*/false)).Build();
    return absl::OkStatus();
  };
  const Verification result = Verify();
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].kind, VerifyProblemKind::kNotConfined);
}

TEST_F(VerifyContainersTest, ARunThatIsLimitedByTheUserIsSoInBothPhases) {
  request_.verify.limit = milliseconds(700);
  Verify();
  EXPECT_THAT(runs_->limits, ElementsAre(Optional(milliseconds(700)), Optional(milliseconds(700))));
}

TEST_F(VerifyContainersTest, OtherwiseTheLongestRunLimitsThoseInForce) {
  request_.verify.runs = 2;
  runs_->play = [this](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    played.run.took = milliseconds(runs_->made.size() == 1 ? 300 : 10);
    return absl::OkStatus();
  };
  Verify();
  EXPECT_THAT(runs_->limits,
              ElementsAre(std::nullopt, std::nullopt, Optional(milliseconds(33'000)), Optional(milliseconds(33'000))));
}

TEST_F(VerifyContainersTest, WhatTheCommandAndTheRelayCameToIsToldOfTheRun) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    played.run.problems = {"a request was not passed on"};
    if (enforced) {
      played.run.status = 143;
      played.run.over_limit = true;
    }
    return absl::OkStatus();
  };
  const Verification result = Verify();
  ASSERT_EQ(result.runs.size(), 2U);
  EXPECT_THAT(result.runs[0].containers->problems, ElementsAre("a request was not passed on"));
  EXPECT_EQ(result.runs[1].status, 143);
  EXPECT_TRUE(result.Has(VerifyProblemKind::kTakesTooLong));
}

TEST_F(VerifyContainersTest, WhatIsWrongWithARunIsReturned) {
  for (const absl::Status& wrong : {absl::UnavailableError("the engine went away"), absl::AbortedError("a signal")}) {
    runs_->made.clear();
    runs_->play = [&](bool enforced, Played& played) {
      Live(ContainerOf("web", enforced), played);
      return enforced ? wrong : absl::OkStatus();
    };
    EXPECT_EQ(VerifyFails(), wrong);
    EXPECT_THAT(runs_->made, ElementsAre(false, true));
  }
}

TEST_F(VerifyContainersTest, ARecordingThatCannotBeReadIsAnError) {
  runs_->play = [](bool, Played& played) {
    std::ofstream(played.run.recordings + "/web.recording.json") << "{";
    return absl::OkStatus();
  };
  EXPECT_THAT(std::string(VerifyFails().message()), HasSubstr("/1/web.recording.json"));
  runs_->play = [](bool, Played& played) {
    played.run.recordings += "-not";
    return absl::OkStatus();
  };
  EXPECT_TRUE(absl::IsNotFound(VerifyFails()));
}

TEST_F(VerifyContainersTest, AHalfWrittenRecordingIsNone) {
  runs_->play = [](bool enforced, Played& played) {
    Live(ContainerOf("web", enforced), played);
    std::ofstream(played.run.recordings + "/.web.recording.json") << "{";
    return absl::OkStatus();
  };
  EXPECT_THAT(Messages(Verify()), IsEmpty());
}

}  // namespace
}  // namespace syscarve
