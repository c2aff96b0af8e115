// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/bpf_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/trace/fake_kernel.h"

namespace syscarve {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SyscallId kRead{Abi::kX86_64, 0};

std::vector<std::string> LossesOf(const Recording& recording) {
  std::vector<std::string> words;
  for (const Loss& loss : recording.losses) words.push_back(loss.what);
  return words;
}

class BpfSessionTest : public testing::Test {
 protected:
  BpfSessionTest() {
    host_.counters.slots = {{.number = 1, .subject = 0, .program = {.path = "/bin/a", .device = 1, .inode = 2}},
                            {.number = 2, .subject = 1, .program = {.path = "/bin/b", .device = 1, .inode = 3}}};
  }

  BpfSession Begin(const BpfOptions& options = {}) {
    auto session = BpfSession::Begin(host_.Host(), options, "first", /*keep_runtime_phase=*/true);
    EXPECT_TRUE(session.ok()) << session.status();
    return *std::move(session);
  }
  BpfSession BeginWithSubject() {
    BpfSession session = Begin();
    EXPECT_TRUE(session
                    .AddSubject({.kind = SubjectKind::kCgroup, .name = "web"}, host_.mount + "/web",
                                KernelSource::CgroupKind::kPlain)
                    .ok());
    return session;
  }
  void Step(std::function<void()> step) { host_.steps.push_back(std::move(step)); }
  void Steps(size_t count) {
    for (size_t i = 0; i < count; ++i) Step([] {});
  }

  FakeHost host_;
};

TEST_F(BpfSessionTest, ARunHasWhatWasCountedInIt) {
  BpfSession session = BeginWithSubject();
  Steps(1);
  host_.counters.calls = {{1, kGetpid, 3}};
  ASSERT_TRUE(session.NextRun("second").ok());
  host_.counters.calls = {{1, kGetpid, 5}, {1, kRead, 1}};
  const auto recording = session.End();
  ASSERT_TRUE(recording.ok()) << recording.status();
  ASSERT_EQ(recording->runs.size(), 2u);
  EXPECT_EQ(recording->runs[0].name, "first");
  EXPECT_EQ(recording->runs[0].subjects.at(0).calls.at(kGetpid).count, 3u);
  EXPECT_EQ(recording->runs[1].name, "second");
  EXPECT_EQ(recording->runs[1].subjects.at(0).calls.at(kGetpid).count, 2u);
  EXPECT_EQ(recording->runs[1].subjects.at(0).calls.at(kRead).count, 1u);
  EXPECT_THAT(recording->losses, IsEmpty());
}

TEST_F(BpfSessionTest, ACheckpointHasAllUntilNowAndLeavesNoTrace) {
  BpfSession session = BeginWithSubject();
  std::vector<Recording> checkpoints;
  session.OfferCheckpoints([&](const Recording& recording) { checkpoints.push_back(recording); });
  session.aggregator().AddLoss({.what = "started_before", .count = 1, .missed_calls = true, .detail = "x"});
  host_.counters.calls = {{1, kGetpid, 3}};
  Steps(1);
  // What happens between the end of the run and the checkpoint.
  Step([&] { host_.counters.calls = {{1, kGetpid, 4}}; });
  ASSERT_TRUE(session.NextRun("second").ok());
  ASSERT_EQ(checkpoints.size(), 1u);
  EXPECT_THAT(LossesOf(checkpoints[0]), ElementsAre("checkpoint", "started_before"));
  ASSERT_EQ(checkpoints[0].runs.size(), 2u);
  EXPECT_EQ(checkpoints[0].runs[0].subjects.at(0).calls.at(kGetpid).count, 3u);

  const auto recording = session.End();
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_THAT(LossesOf(*recording), ElementsAre("started_before"));
  ASSERT_EQ(recording->runs.size(), 2u);
  EXPECT_EQ(recording->runs[1].subjects.at(0).calls.at(kGetpid).count, 1u);
}

TEST_F(BpfSessionTest, ContainersAreNamedWhenTheyAppearAndKeepTheirPlaceWhenTheyVanish) {
  BpfSession session = Begin({.enrol_containers = true, .max_subjects = 8});
  host_.counters.subjects = {{.path = "/docker/early", .container = true}};
  session.NameSubject(0, "/docker/early");
  Steps(2);
  host_.counters.subjects[0].started = true;  // A `docker exec`.
  host_.counters.calls = {{1, kGetpid, 1}};
  ASSERT_TRUE(session.NextRun("second").ok());
  // It comes and goes within the second run; the kernel side forgets no subject.
  host_.counters.subjects.push_back(
      {.path = "/docker/short", .container = true, .started = true, .filtered = true, .no_new_privs = true});
  host_.counters.calls = {{1, kGetpid, 1}, {2, kRead, 2}};
  ASSERT_TRUE(session.NextRun("third").ok());
  const auto recording = session.End();
  ASSERT_TRUE(recording.ok()) << recording.status();
  ASSERT_EQ(recording->subjects.size(), 2u);
  EXPECT_EQ(recording->subjects[0].name, "early");
  EXPECT_EQ(recording->subjects[0].start, std::nullopt) << "its own start was not seen";
  EXPECT_EQ(recording->subjects[1].name, "short");
  EXPECT_EQ(recording->subjects[1].start, (ContainerStart{.filtered = true, .no_new_privs = true}));
  ASSERT_EQ(recording->runs.size(), 3u);
  EXPECT_EQ(recording->runs[0].subjects.count(1), 0u) << "it was not there";
  EXPECT_EQ(recording->runs[1].subjects.at(1).calls.at(kRead).count, 2u);
  EXPECT_EQ(recording->runs[2].subjects.at(1), SubjectTrace{}) << "watched and silent";
  EXPECT_EQ(session.ran_before(), std::vector<SubjectId>{0});
}

TEST_F(BpfSessionTest, NamesWhatWasLostAndWhoHadNoRoom) {
  BpfSession session = BeginWithSubject();
  host_.counters.losses.event_ring_full = 2;
  host_.counters.losses.left_unseen = 1;
  host_.counters.skipped = 7;
  host_.counters.unsettled = true;
  host_.Tell(recorder_event_subject{.header = {.type = RECORDER_EVENT_SUBJECT}, .path = "/docker/full"});
  host_.Tell(uint64_t{0});
  const auto recording = session.End();
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_THAT(LossesOf(*recording),
              ElementsAre("last_reading_early", "left_unseen", "malformed_news", "program_skipped", "ring_full"));
  EXPECT_THAT(session.refused_containers(), ElementsAre("/docker/full"));
}

TEST_F(BpfSessionTest, AMarkThatFailsLeavesTheRunAsItWas) {
  BpfSession session = BeginWithSubject();
  host_.counters.calls = {{1, kGetpid, 3}};
  for (const std::string at : {"read", "drain"}) {
    host_.faults[at] = absl::UnavailableError(at);
    EXPECT_EQ(session.NextRun("second").message(), at);
    host_.faults.clear();
  }
  const auto recording = session.End();
  ASSERT_TRUE(recording.ok()) << recording.status();
  ASSERT_EQ(recording->runs.size(), 1u);
  EXPECT_EQ(recording->runs[0].name, "first");
  EXPECT_EQ(recording->runs[0].subjects.at(0).calls.at(kGetpid).count, 3u);
}

TEST_F(BpfSessionTest, AnErrorIsPassedOn) {
  const absl::Status fault = absl::DataLossError("fault");
  host_.faults["arm"] = fault;
  EXPECT_EQ(BpfSession::Begin(host_.Host(), {}, "first", true).status(), fault);
  host_.faults.clear();

  BpfSession session = Begin();
  host_.faults["follow /web"] = fault;
  EXPECT_EQ(session.AddSubject({}, host_.mount + "/web", KernelSource::CgroupKind::kPlain), fault);
  host_.faults["list"] = fault;
  EXPECT_EQ(session.CountFollowed().status(), fault);
  EXPECT_EQ(session.KillEveryone(), fault);
  host_.faults["drain"] = fault;
  std::vector<pollfd> none;
  EXPECT_EQ(session.Wait(none, std::nullopt), fault);
  host_.faults["finish"] = fault;
  EXPECT_EQ(session.End().status(), fault);
}

TEST_F(BpfSessionTest, AWaitEndsAtItsDeadlineAndLeavesTheCallersDescriptors) {
  BpfSession session = BeginWithSubject();
  Steps(1);
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  std::vector<pollfd> descriptors = {{.fd = ends[0], .events = POLLIN}};
  ASSERT_TRUE(session.Wait(descriptors, BpfSession::Clock::now()).ok());
  ASSERT_EQ(descriptors.size(), 1u);
  EXPECT_EQ(descriptors[0].revents, POLLIN);
  close(ends[0]);
  close(ends[1]);
}

TEST_F(BpfSessionTest, SubjectsOfTheKernelSideAndOfOursDoNotMix) {
  BpfSession session = Begin();
  host_.counters.subjects.push_back({.path = "/docker/a"});
  EXPECT_EQ(session.AddSubject({}, host_.mount + "/web", KernelSource::CgroupKind::kPlain).code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(session.AddProcess({}, 1).code(), absl::StatusCode::kInternal);
}

TEST_F(BpfSessionTest, TheLifeOfASubjectIsAsTheKernelSideSawIt) {
  BpfSession session = BeginWithSubject();
  KernelSubject& seen = host_.counters.subjects[0];
  seen.running = true;
  seen.started_at = 7;
  seen.first_caught = SignalBit(SIGHUP);
  seen.joined = 2;
  host_.counters.slots[0].caught = SignalBit(SIGHUP);
  const SignalUse hangup = {.signal = SIGHUP, .outcome = SignalOutcome::kHandled, .origin = SignalOrigin::kOutside};
  host_.counters.signals = {{1, hangup, 3}};
  // A look at it takes nothing from the end.
  Steps(1);
  ASSERT_TRUE(session
                  .Show([&](const Recording& so_far) {
                    EXPECT_EQ(so_far.subjects.at(0).life.value_or(Life()).signals.at(hangup), 3u);
                    EXPECT_THAT(LossesOf(so_far), ElementsAre("checkpoint"));
                  })
                  .ok());
  host_.counters.signals = {{1, hangup, 5}};
  // Handlers are noted as processes are listed, so that comes before the last reading.
  host_.on_list = [&] { host_.counters.slots[0].caught |= SignalBit(SIGUSR1); };
  const auto recording = session.End();
  ASSERT_TRUE(recording.ok()) << recording.status();
  const Life life = recording->subjects.at(0).life.value_or(Life());
  EXPECT_TRUE(life.watched);
  EXPECT_TRUE(life.start_seen);
  EXPECT_EQ(life.ends, std::set<LifeEnd>{LifeEnd{.kind = EndKind::kRunning}});
  EXPECT_EQ(life.signals, (std::map<SignalUse, uint64_t>{{hangup, 5}}));
  EXPECT_EQ(life.first_catches, SignalBit(SIGHUP));
  EXPECT_EQ(life.joined, 2u);
  ASSERT_EQ(life.catches.size(), 1u);
  EXPECT_EQ(recording->programs.at(life.catches.begin()->first).path, "/bin/a");
  EXPECT_EQ(life.catches.begin()->second, SignalBit(SIGHUP) | SignalBit(SIGUSR1));
}

TEST_F(BpfSessionTest, AProcessIsASubjectWithoutACgroup) {
  BpfSession session = Begin();
  ASSERT_TRUE(session.AddProcess({.kind = SubjectKind::kProcess, .name = "web"}, 4711).ok());
  EXPECT_TRUE(host_.Did("follow 4711"));
  host_.faults["follow process"] = absl::ResourceExhaustedError("fault");
  BpfSession other = Begin();
  EXPECT_EQ(other.AddProcess({}, 4711).message(), "fault");
}

TEST_F(BpfSessionTest, KillsWhoIsFollowedStill) {
  BpfSession session = BeginWithSubject();
  const auto start = [] {
    const pid_t child = fork();
    if (child == 0) {
      while (true) pause();
    }
    return child;
  };
  const pid_t gone = start();
  const pid_t still = start();
  host_.followed = {gone, still};
  // Its number is no longer a subject's when we would kill it.
  host_.on_list = [&] { std::erase(host_.followed, gone); };
  ASSERT_TRUE(session.KillEveryone().ok());
  int status = 0;
  ASSERT_EQ(waitpid(still, &status, 0), still);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_EQ(waitpid(gone, nullptr, WNOHANG), 0) << "somebody else was killed";
  kill(gone, SIGKILL);
  waitpid(gone, nullptr, 0);
}

TEST_F(BpfSessionTest, PrivilegesAreGivenUpWhenItsThreadIsReady) {
  BpfSession session = BeginWithSubject();
  EXPECT_EQ(session
                .Settle([&] {
                  EXPECT_TRUE(host_.Did("unpreempted"));
                  return absl::PermissionDeniedError("fault");
                })
                .message(),
            "fault");
}

}  // namespace
}  // namespace syscarve
