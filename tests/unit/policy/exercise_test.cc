// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/exercise.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "tests/unit/policy/recordings.h"

namespace syscarve {
namespace {

constexpr SignalSet kHup = SignalBit(SIGHUP);
constexpr SignalSet kUsr1 = SignalBit(SIGUSR1);
constexpr SignalSet kTerm = SignalBit(SIGTERM);

// A server that was watched from its start, has handlers for these signals, and ended so.
Life ServerLife(SignalSet catches, LifeEnd end) {
  return {.start_seen = true,
          .ends = {end},
          .watched = true,
          .catches = {{0, catches}},
          .first_catches = catches,
          .joined = 1,
          .restarts = 1};
}

constexpr LifeEnd kKilledEnd = {.kind = EndKind::kKilled, .signal = SIGKILL};
constexpr LifeEnd kStoppedEnd = {.kind = EndKind::kExited, .taken = SIGTERM};
constexpr LifeEnd kRunningEnd = {.kind = EndKind::kRunning};

Recording With(std::optional<Life> life, SubjectKind kind = SubjectKind::kContainer, std::string name = "web") {
  RecordingBuilder builder;
  Subject& subject = builder.recording().subjects[0];
  subject = {.kind = kind, .name = std::move(name), .life = std::move(life)};
  if (kind == SubjectKind::kContainer) subject.container = Container{.id = "1", .name = "shop-web-1"};
  return builder.Build();
}

std::vector<std::string> GapLines(const std::vector<Recording>& recordings) {
  std::vector<std::string> lines;
  for (const Gap& gap : FindGaps(recordings)) lines.push_back(GapLine(gap));
  return lines;
}

std::vector<std::string> Words(const Recording& recording) {
  std::vector<std::string> words;
  for (const Gap& gap : FindGaps({&recording, 1})) words.push_back(gap.words);
  return words;
}

using Texts = std::vector<std::string>;

TEST(ExerciseTest, AContainerThatWasKilledGetsEachThingThatIsMissing) {
  Life life = ServerLife(kHup | kUsr1 | kTerm, kKilledEnd);
  life.joined = 0;
  life.restarts = 0;
  EXPECT_EQ(
      GapLines({With(life)}),
      (Texts{
          "stops: was killed, how it stops was not recorded: docker stop shop-web-1 while it is recorded, or record "
          "--docker --exercise stop",
          "catches SIGHUP, SIGUSR1: never sent: docker kill --signal HUP shop-web-1 while it is recorded, or record "
          "--docker --exercise reload",
          "no exec session: docker exec shop-web-1 sh -c true while it is recorded, record --docker --exercise exec, "
          "or generate --with exec",
          "never restarted on its data: docker restart shop-web-1 while it is recorded, or record --docker "
          "--exercise restart"}));
}

TEST(ExerciseTest, WhatWasExercisedIsNotNamed) {
  Life life = ServerLife(kHup | kTerm, kStoppedEnd);
  life.signals[{SIGHUP, SignalOutcome::kHandled, SignalOrigin::kOutside}] = 1;
  EXPECT_EQ(Words(With(life)), Texts{});
}

TEST(ExerciseTest, HowItEndedIsSaid) {
  const auto said = [](LifeEnd end) { return Words(With(ServerLife(kTerm, end))); };
  EXPECT_EQ(said(kRunningEnd), Texts{"stops: still ran when the recording ended, how it stops was not recorded"});
  EXPECT_EQ(said({.kind = EndKind::kKilled, .signal = SIGSEGV}),
            Texts{"stops: crashed (SIGSEGV), how it stops was not recorded"});
  EXPECT_EQ(said({.kind = EndKind::kKilled, .signal = SIGHUP}),
            Texts{"stops: was ended by SIGHUP, how it stops was not recorded"});
  // Without a handler for it there is nothing to be recorded of it.
  EXPECT_EQ(said({.kind = EndKind::kKilled, .signal = SIGTERM}), Texts{});
  EXPECT_EQ(Words(With(ServerLife(0, kKilledEnd))), Texts{});
}

TEST(ExerciseTest, CommandsAndJobsAreNotNagged) {
  for (const int status : {0, 3}) {
    Life life = {.start_seen = true, .ends = {{.kind = EndKind::kExited, .status = status}}, .watched = true};
    life.catches[0] = life.first_catches = kHup | kTerm;
    EXPECT_EQ(Words(With(life)), Texts{}) << status;
    EXPECT_EQ(Words(With(life, SubjectKind::kCommand)), Texts{}) << status;
  }
}

TEST(ExerciseTest, ACommandHasNoExecSessions) {
  Life life = ServerLife(kHup | kTerm, kKilledEnd);
  life.joined = life.restarts = 0;
  EXPECT_EQ(GapLines({With(life, SubjectKind::kCommand)}),
            (Texts{"stops: was killed, how it stops was not recorded: record --exercise stop",
                   "catches SIGHUP: never sent: record --exercise reload"}));
}

TEST(ExerciseTest, SignalsThatNobodyMeansAreNotNamed) {
  // As Go's runtime has them.
  EXPECT_EQ(Words(With(ServerLife(0xfffffffd7fc1feff, kStoppedEnd))), Texts{});
  // A worker has the handler, and the first process, which is sent it, has none: nothing would come of it.
  Life life = ServerLife(kTerm, kStoppedEnd);
  life.catches[1] = kHup;
  EXPECT_EQ(Words(With(life)), Texts{});
  // It passes them on.
  life.first_blocks = kHup;
  EXPECT_EQ(Words(With(life)), Texts{"catches SIGHUP: never sent"});
}

TEST(ExerciseTest, TheSignalThatStopsAContainerIsNotOneToReloadBy) {
  Recording recording = With(ServerLife(kUsr1 | kHup, {.kind = EndKind::kExited, .taken = SIGUSR1}));
  recording.subjects[0].container->stop_signal = "SIGUSR1";
  EXPECT_EQ(Words(recording), Texts{"catches SIGHUP: never sent"});
}

TEST(ExerciseTest, WhatIgnoresItsStopSignalHasNothingToShow) {
  Life life = ServerLife(0, kKilledEnd);
  life.catches[1] = kTerm;
  EXPECT_EQ(Words(With(life)).size(), 1u);
  life.signals[{SIGTERM, SignalOutcome::kIgnored, SignalOrigin::kOutside}] = 1;
  EXPECT_EQ(Words(With(life)), Texts{});
}

TEST(ExerciseTest, AHealthCheckTakesThePlaceOfASession) {
  Life life = ServerLife(kTerm, kStoppedEnd);
  life.joined = 0;
  Recording recording = With(life);
  recording.subjects[0].container->health_check = true;
  EXPECT_EQ(Words(recording), Texts{"its health check never ran"});
}

TEST(ExerciseTest, WhatOneRecordingExercisedIsExercised) {
  const Recording killed = With(ServerLife(kTerm, kKilledEnd));
  const Recording stopped = With(ServerLife(kTerm, kStoppedEnd));
  EXPECT_EQ(GapLines({killed, stopped}), Texts{});
  // Of another service it is not.
  const Recording other = With(ServerLife(kTerm, kKilledEnd), SubjectKind::kContainer, "db");
  const std::vector<Recording> both = {other, killed};
  const std::vector<Gap> gaps = FindGaps(both);
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[0].words, "db: stops: was killed, how it stops was not recorded");
}

TEST(ExerciseTest, AContainerAfterAnotherOfTheSameServiceIsARestart) {
  Life first = ServerLife(kTerm, kStoppedEnd);
  first.restarts = 0;
  first.started = 10;
  first.ended = 20;
  Life second = first;
  second.started = 15;
  second.ended = 30;
  EXPECT_EQ(Words(With(first)), Texts{"never restarted on its data"});
  EXPECT_EQ(GapLines({With(first), With(second)}).size(), 1u) << "replicas";
  second.started = 21;
  EXPECT_EQ(GapLines({With(first), With(second)}), Texts{});
}

TEST(ExerciseTest, WhatIsNotKnownIsSaidOfContainersOnly) {
  EXPECT_EQ(
      Words(With(std::nullopt)),
      Texts{"how it stopped, and which signals it was sent, is not known: an older version of syscarve recorded it"});
  EXPECT_EQ(Words(With(std::nullopt, SubjectKind::kCommand)), Texts{});
  Recording log = With(std::nullopt);
  log.method.backend = "strace";
  EXPECT_EQ(Words(log), Texts{});
}

TEST(ExerciseTest, ByNotificationOnlyTheEndIsKnown) {
  const Life killed = {.start_seen = true, .ends = {kKilledEnd}};
  EXPECT_EQ(Words(With(killed, SubjectKind::kCommand)), Texts{"stops: was killed, how it stops was not recorded"});
  const Life ended = {.start_seen = true, .ends = {{.kind = EndKind::kExited}}};
  EXPECT_EQ(Words(With(ended, SubjectKind::kCommand)), Texts{});
}

TEST(ExerciseTest, NamesAreQuotedWhereTheyArePasted) {
  Recording recording = With(ServerLife(kTerm, kKilledEnd));
  recording.subjects[0].container->name = "$(reboot)";
  EXPECT_EQ(FindGaps({&recording, 1})[0].remedy,
            "docker stop '$(reboot)' while it is recorded, or record --docker --exercise stop");
}

}  // namespace
}  // namespace syscarve
