// SPDX-License-Identifier: Apache-2.0
// How a subject lived: its end, the signals that it was sent and has handlers for. Shells are the programs, as their
// traps are handlers.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/bpf/record_command.h"
#include "userspace/base/unique_fd.h"
#include "userspace/policy/exercise.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/bpf_recorder.h"

namespace syscarve {
namespace {

class LifeTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::Status probe = ProbeBpfRecording().status();
    if (!probe.ok()) GTEST_SKIP() << "BPF cannot be used here: " << probe.message();
  }

  Recording Record(const std::string& shell, int status) {
    Recording recording = RecordedCommand({"/bin/sh", "-c", shell}, options_, status);
    for (const Loss& loss : recording.losses) ADD_FAILURE() << loss.what << ": " << loss.detail;
    return recording;
  }

  static Life LifeOf(const Recording& recording) {
    if (recording.subjects.size() != 1 || !recording.subjects[0].life.has_value()) {
      ADD_FAILURE() << "no life of one subject";
      return {};
    }
    return *recording.subjects[0].life;
  }

  static std::vector<GapKind> Gaps(const Recording& recording) {
    std::vector<GapKind> kinds;
    for (const Gap& gap : FindGaps({&recording, 1})) kinds.push_back(gap.kind);
    return kinds;
  }

  RecordOptions options_ = {.run_name = "test", .subject_name = "shell", .grace = std::chrono::milliseconds(0)};
};

TEST_F(LifeTest, AnEndBySignalThatWasHandledAndAHandlerThatNeverRan) {
  const Recording recording = Record("trap : HUP; trap 'exit 3' TERM; kill -TERM $$; :", 3);
  const Life life = LifeOf(recording);
  EXPECT_TRUE(life.start_seen);
  EXPECT_TRUE(life.watched);
  ASSERT_TRUE(life.started.has_value());
  ASSERT_TRUE(life.ended.has_value());
  EXPECT_LE(recording.runs[0].start, *life.started);
  EXPECT_LE(*life.started, *life.ended);
  EXPECT_LE(*life.ended, recording.runs[0].end);
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kExited, .status = 3, .taken = SIGTERM}}));
  EXPECT_EQ(life.signals,
            (std::map<SignalUse, uint64_t>{{{SIGTERM, SignalOutcome::kHandled, SignalOrigin::kInside}, 1}}));
  EXPECT_EQ(life.first_catches & SetOf(ReloadSignals()), SignalBit(SIGHUP));
  ASSERT_EQ(life.catches.size(), 1u);
  const auto& [program, caught] = *life.catches.begin();
  EXPECT_EQ(caught, life.first_catches);
  EXPECT_NE(recording.programs.at(program).path.find("sh"), std::string::npos);
  EXPECT_EQ(life.died_of, 0u);
  EXPECT_EQ(life.joined, 0u);
  EXPECT_EQ(life.restarts, 0u);
  EXPECT_EQ(Gaps(recording), std::vector<GapKind>{GapKind::kReload});
}

TEST_F(LifeTest, AKillIsNoStop) {
  const Recording recording = Record("trap 'exit 0' TERM; kill -KILL $$", 128 + SIGKILL);
  const Life life = LifeOf(recording);
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kKilled, .signal = SIGKILL}}));
  EXPECT_EQ(life.died_of, SignalBit(SIGKILL));
  EXPECT_TRUE(HasSignal(life.first_catches, SIGTERM));
  EXPECT_EQ(Gaps(recording), std::vector<GapKind>{GapKind::kStop});
}

TEST_F(LifeTest, ACrashOfAChildIsNotTheEndOfTheFirst) {
  const Life life = LifeOf(Record("(ulimit -c 0; sh -c 'kill -SEGV $$'); exit 0", 0));
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kExited}}));
  EXPECT_TRUE(HasSignal(life.died_of, SIGSEGV));
  EXPECT_EQ((life.signals.count({SIGSEGV, SignalOutcome::kDefault, SignalOrigin::kInside})), 1u);
}

TEST_F(LifeTest, ASignalThatIsIgnoredOrBlockedSaysSo) {
  const Life life = LifeOf(Record("trap '' USR1; kill -USR1 $$; exit 0", 0));
  EXPECT_EQ((life.signals.count({SIGUSR1, SignalOutcome::kIgnored, SignalOrigin::kInside})), 1u);
  EXPECT_FALSE(HasSignal(life.first_catches, SIGUSR1));
}

// An exec takes the handlers away: they were the shell's.
TEST_F(LifeTest, HandlersAreTheProgramsThatHasThemAtItsEnd) {
  const Life life = LifeOf(Record("trap : HUP; exec true", 0));
  EXPECT_EQ(life.first_catches & SignalBit(SIGHUP), 0u);
}

TEST_F(LifeTest, WhoSendsASignalFromOutsideIsTold) {
  const std::string fifo = absl::StrCat(testing::TempDir(), "/syscarve-life-", getpid());
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const pid_t sender = fork();
  if (sender == 0) {
    char text[16] = {};
    const UniqueFd ready(open(fifo.c_str(), O_RDONLY));
    if (read(ready.get(), text, sizeof(text) - 1) <= 0) _exit(1);
    _exit(kill(atoi(text), SIGTERM));
  }
  // Its child says who it is: by then it is a program of its own, without the handler of its parent.
  const Recording recording =
      Record(absl::StrCat("trap 'kill $!; exit 7' TERM; sh -c 'echo $PPID >", fifo, "; exec sleep 1000' & wait"), 7);
  int status = 0;
  waitpid(sender, &status, 0);
  EXPECT_EQ(status, 0);
  std::filesystem::remove(fifo);
  const Life life = LifeOf(recording);
  EXPECT_EQ((life.signals.count({SIGTERM, SignalOutcome::kHandled, SignalOrigin::kOutside})), 1u);
  EXPECT_EQ((life.signals.count({SIGTERM, SignalOutcome::kDefault, SignalOrigin::kInside})), 1u) << "of sleep";
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kExited, .status = 7, .taken = SIGTERM}}));
  EXPECT_EQ(Gaps(recording), std::vector<GapKind>{});
}

TEST_F(LifeTest, WhatStillRunsIsLookedAt) {
  int pipes[2];
  ASSERT_EQ(pipe2(pipes, 0), 0);
  const pid_t server = fork();
  if (server == 0) {
    dup2(pipes[1], 1);
    execl("/bin/sh", "sh", "-c",
          "trap : HUP; trap 'kill $!; exit 0' TERM; sleep 1000 & echo ready; while :; do wait; done", nullptr);
    _exit(127);
  }
  close(pipes[1]);
  char byte;
  ASSERT_EQ(read(pipes[0], &byte, 1), 1);
  close(pipes[0]);
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok());
  options_.duration = std::chrono::milliseconds(0);
  const auto outcome = RecordProcessWithBpf(server, options_, *signals);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  const Life life = LifeOf(outcome->recording);
  EXPECT_FALSE(life.start_seen);
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kRunning}}));
  EXPECT_TRUE(HasSignal(life.first_catches, SIGHUP) && HasSignal(life.first_catches, SIGTERM));
  EXPECT_EQ(Gaps(outcome->recording), (std::vector<GapKind>{GapKind::kStop, GapKind::kReload}));
  EXPECT_EQ(kill(server, SIGTERM), 0);
  waitpid(server, nullptr, 0);
}

}  // namespace
}  // namespace syscarve
