// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/bpf_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/trace/fake_kernel.h"

namespace syscarve {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

// A process that waits to be killed, and a child of its, if it is to have one.
class Victim {
 public:
  explicit Victim(bool with_child = false) {
    int ends[2];
    EXPECT_EQ(pipe(ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      const pid_t child = with_child ? fork() : 0;
      if (child != 0 || !with_child) (void)!write(ends[1], &child, sizeof(child));
      while (true) pause();
    }
    EXPECT_EQ(read(ends[0], &child_, sizeof(child_)), static_cast<ssize_t>(sizeof(child_)));
    close(ends[0]);
    close(ends[1]);
  }
  ~Victim() {
    if (child_ != 0) kill(child_, SIGKILL);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_t pid() const { return pid_; }
  pid_t child() const { return child_; }
  // Ends; its entry stays until the destructor.
  void End() const {
    kill(pid_, SIGKILL);
    WaitForEnd();
  }
  void WaitForEnd() const {
    siginfo_t info;
    EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }

 private:
  pid_t pid_;
  pid_t child_ = 0;
};

class BpfRecorderTest : public testing::Test {
 protected:
  BpfRecorderTest() : signals_(*SignalForwarder::Create()) {
    host_.counters.slots = {{.number = 1, .subject = 0, .program = {.path = "/bin/a", .device = 1, .inode = 2}}};
    host_.counters.calls = {{1, kGetpid, 3}};
    options_.host = host_.Host();
    options_.subject_name = "web";
    options_.mark_by = MarkBy::kDescriptor;
    options_.grace = milliseconds(0);
    options_.note = [this](std::string_view note) { notes_.emplace_back(note); };
  }

  void Step(std::function<void()> step) { host_.steps.push_back(std::move(step)); }
  void StopInNextStep() {
    Step([] { kill(getpid(), SIGTERM); });
  }
  // A child of ours, the command, has ended and is not reaped yet. The guardian ends later.
  void StepUntilTheCommandEnds(std::function<void()> then = [] {}) {
    Step([then = std::move(then)] {
      siginfo_t info;
      EXPECT_EQ(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
      then();
    });
  }

  absl::StatusOr<RecordOutcome> RecordCommand(std::vector<std::string> words) {
    Command command{.path = words[0], .argv = words, .environment = {}, .identity = {}};
    return RecordCommandWithBpf(command, options_, signals_, stage_);
  }

  FakeHost host_;
  SignalForwarder signals_;
  RecordOptions options_;
  RecordStage stage_ = RecordStage::kSetUp;
  std::vector<std::string> notes_;
};

TEST_F(BpfRecorderTest, AProcessLacksItsStart) {
  const Victim process(/*with_child=*/true);
  StopInNextStep();
  const auto outcome = RecordProcessWithBpf(process.pid(), options_, signals_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(host_.Did(Concat("follow ", process.pid())));
  EXPECT_TRUE(host_.Did(Concat("follow ", process.child())));
  const std::vector<Loss>& losses = outcome->recording.losses;
  ASSERT_EQ(losses.size(), 1u);
  EXPECT_EQ(losses[0].what, "started_before");
  EXPECT_EQ(losses[0].count, 2u);
  EXPECT_TRUE(losses[0].missed_calls);
  EXPECT_THAT(losses[0].detail, HasSubstr("record -- COMMAND"));
  EXPECT_EQ(outcome->recording.runs[0].subjects.at(0).calls.at(kGetpid).count, 3u);
  EXPECT_EQ(outcome->recording.subjects.at(0).kind, SubjectKind::kProcess);
}

TEST_F(BpfRecorderTest, AProcessIsOverWhenNobodyWhoDescendsFromItIsLeft) {
  const Victim process(/*with_child=*/true);
  host_.followed = {process.child()};
  Step([&] { process.End(); });
  Step([&] { EXPECT_THAT(notes_, testing::Not(Contains("nothing of it is left"))); });
  Step([&] { host_.followed.clear(); });
  const auto outcome = RecordProcessWithBpf(process.pid(), options_, signals_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_THAT(notes_, Contains("nothing of it is left"));
  EXPECT_THAT(host_.steps, IsEmpty());
}

TEST_F(BpfRecorderTest, ThereIsNoSuchProcess) {
  pid_t gone = 0;
  {
    const Victim process;
    gone = process.pid();
  }
  EXPECT_EQ(RecordProcessWithBpf(gone, options_, signals_).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(host_.Did("detached")) << "nothing was armed for it";
}

TEST_F(BpfRecorderTest, AProcessThatCannotBeFollowedIsAnError) {
  const Victim process;
  host_.faults["follow process"] = absl::ResourceExhaustedError("fault");
  EXPECT_EQ(RecordProcessWithBpf(process.pid(), options_, signals_).status().message(), "fault");
  EXPECT_TRUE(host_.Did("detached"));
}

TEST_F(BpfRecorderTest, ThoseInACgroupLackTheirStart) {
  host_.MakeCgroup("/web", {getpid(), getppid()});
  StopInNextStep();
  const auto outcome = RecordCgroupWithBpf("/web", options_, signals_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->recording.losses.size(), 1u);
  EXPECT_EQ(outcome->recording.losses[0].what, "started_before");
  EXPECT_EQ(outcome->recording.losses[0].count, 2u);
  EXPECT_TRUE(outcome->recording.losses[0].missed_calls);
}

TEST_F(BpfRecorderTest, WhoComesWhileItIsArmedLacksItsStartToo) {
  host_.MakeCgroup("/web");
  host_.on_arm = [&] { host_.MakeCgroup("/web", {getpid()}); };
  StopInNextStep();
  const auto outcome = RecordCgroupWithBpf(host_.mount + "/web", options_, signals_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->recording.losses.size(), 1u);
  EXPECT_EQ(outcome->recording.losses[0].count, 1u);
  EXPECT_EQ(outcome->recording.subjects.at(0).cgroup, "/web");
}

TEST_F(BpfRecorderTest, AnEmptyCgroupIsWaitedForAndItsNewcomersAreComplete) {
  host_.MakeCgroup("/web");
  Step([] {});
  Step([&] { host_.SetPopulated("/web", true); });
  Step([&] {
    host_.SetPopulated("/web", false);
    host_.followed = {getpid()};  // It has left the cgroup.
  });
  Step([&] { host_.followed.clear(); });
  const auto outcome = RecordCgroupWithBpf("/web", options_, signals_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_THAT(outcome->recording.losses, IsEmpty());
  EXPECT_THAT(host_.steps, IsEmpty());
}

TEST_F(BpfRecorderTest, ADurationEndsIt) {
  host_.MakeCgroup("/web", {getpid()});
  options_.duration = milliseconds(0);
  Step([] {});
  ASSERT_TRUE(RecordCgroupWithBpf("/web", options_, signals_).ok());
  EXPECT_THAT(notes_, Contains("recording"));
}

TEST_F(BpfRecorderTest, TheRootCgroupIsNone) {
  const auto outcome = RecordCgroupWithBpf("/", options_, signals_);
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(outcome.status().message()), HasSubstr("name a cgroup below it"));
}

TEST_F(BpfRecorderTest, AnErrorInTheMiddleEndsIt) {
  host_.MakeCgroup("/web", {getpid()});
  Step([&] { host_.faults["drain"] = absl::DataLossError("fault"); });
  Step([] {});
  EXPECT_EQ(RecordCgroupWithBpf("/web", options_, signals_).status().message(), "fault");
  EXPECT_TRUE(host_.Did("detached"));
}

TEST_F(BpfRecorderTest, ACommandIsCompleteAndItsStatusIsKept) {
  StepUntilTheCommandEnds();
  const auto outcome = RecordCommand({"/bin/sh", "-c", "exit 7"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->command_status, 7);
  EXPECT_THAT(outcome->recording.losses, IsEmpty());
  EXPECT_EQ(outcome->recording.runs[0].command, (CommandEnd{.status = 7}));
  EXPECT_NE(host_.Read("/leaf/cgroup.procs"), "");
  EXPECT_EQ(host_.Read("/leaf/cgroup.kill"), "") << "there was nobody to kill";
}

TEST_F(BpfRecorderTest, ACommandThatIsToStopIsAskedToWhenWeAre) {
  options_.exercise.stop = true;
  StopInNextStep();
  Step([] {});  // Read before it is asked: of this its handlers are known.
  StepUntilTheCommandEnds();
  const auto outcome = RecordCommand({"/bin/sleep", "1000"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->command_status, 128 + SIGTERM);
  EXPECT_THAT(notes_, Contains("exercise: the command was stopped by SIGTERM"));
}

TEST_F(BpfRecorderTest, ACommandThatIsToStopIsAskedToWhenItsTimeIsOver) {
  options_.exercise.stop = true;
  options_.duration = milliseconds(0);
  Step([] {});
  StepUntilTheCommandEnds();
  const auto outcome = RecordCommand({"/bin/sleep", "1000"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->command_status, 128 + SIGTERM);
}

TEST_F(BpfRecorderTest, ACommandIsToldToReloadByWhatItHasAHandlerFor) {
  options_.exercise = {.reload = true, .stop = true};
  Step([&] {
    host_.counters.subjects.at(0).first_caught = SignalBit(SIGHUP);
    host_.counters.slots.at(0).caught = SignalBit(SIGHUP) | SignalBit(SIGUSR1);
    kill(getpid(), SIGTERM);
  });
  Step([] {});
  StepUntilTheCommandEnds();
  const auto outcome = RecordCommand({"/bin/sleep", "1000"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->command_status, 128 + SIGHUP);
  EXPECT_THAT(notes_, testing::ElementsAre("exercise: the command ended when it was sent SIGHUP"));
}

TEST_F(BpfRecorderTest, ACommandThatIsOnlyToReloadGetsTheSignalToEndBehindThat) {
  options_.exercise.reload = true;
  StopInNextStep();
  Step([] {});
  StepUntilTheCommandEnds();
  const auto outcome = RecordCommand({"/bin/sleep", "1000"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->command_status, 128 + SIGTERM);
  EXPECT_THAT(notes_, Contains(HasSubstr("nothing to reload")));
}

TEST_F(BpfRecorderTest, ACommandThatEndsByItselfIsNotExercised) {
  options_.exercise = {.reload = true, .stop = true};
  StepUntilTheCommandEnds();
  const auto outcome = RecordCommand({"/bin/true"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->command_status, 0);
  EXPECT_THAT(notes_, IsEmpty());
}

TEST_F(BpfRecorderTest, WhatOutlivesACommandIsEndedWhereverItIs) {
  const Victim survivor;
  StepUntilTheCommandEnds([&] {
    host_.SetPopulated("/leaf", true);
    host_.followed = {survivor.pid()};
  });
  Step([&] {
    survivor.WaitForEnd();
    host_.SetPopulated("/leaf", false);
    host_.followed.clear();
  });
  const auto outcome = RecordCommand({"/bin/true"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(host_.Read("/leaf/cgroup.kill"), "1");
  EXPECT_EQ(outcome->recording.runs[0].command->ended_by_recorder, 1u);
  EXPECT_THAT(outcome->recording.losses, IsEmpty());
  EXPECT_THAT(notes_, Contains(HasSubstr("ended 1 process(es)")));
}

TEST_F(BpfRecorderTest, ASignalEndsTheGracePeriod) {
  options_.grace = hours(1);
  StepUntilTheCommandEnds([&] { host_.SetPopulated("/leaf", true); });
  StopInNextStep();
  Step([&] {
    EXPECT_EQ(host_.Read("/leaf/cgroup.kill"), "1");
    host_.SetPopulated("/leaf", false);
  });
  ASSERT_TRUE(RecordCommand({"/bin/true"}).ok());
}

TEST_F(BpfRecorderTest, WhoDoesNotDieIsALoss) {
  options_.kill_limit = milliseconds(0);
  StepUntilTheCommandEnds([&] {
    host_.SetPopulated("/leaf", true);
    host_.followed = {-1};  // No process: it is stuck.
  });
  Step([] {});
  const auto outcome = RecordCommand({"/bin/true"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->recording.losses.size(), 1u);
  EXPECT_EQ(outcome->recording.losses[0].what, "recorder_stopped");
  EXPECT_TRUE(outcome->recording.losses[0].missed_calls);
}

TEST_F(BpfRecorderTest, ACommandThatCannotBeExecutedLeavesNothing) {
  const auto outcome = RecordCommand({"/no/such/program"});
  EXPECT_EQ(outcome.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(stage_, RecordStage::kExec);
  EXPECT_EQ(host_.Read("/leaf/cgroup.kill"), "1");
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST_F(BpfRecorderTest, AnErrorWhileACommandRunsEndsTheCommand) {
  Step([&] { host_.faults["drain"] = absl::DataLossError("fault"); });
  EXPECT_EQ(RecordCommand({"/bin/sleep", "1000"}).status().message(), "fault");
  EXPECT_EQ(stage_, RecordStage::kRunning);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST_F(BpfRecorderTest, AnErrorBeforeTheCommandLetsAnotherBackendTry) {
  for (const std::string at : {"arm", "follow /leaf", "mark children"}) {
    host_.faults = {{at, absl::PermissionDeniedError("fault")}};
    EXPECT_EQ(RecordCommand({"/bin/true"}).status().message(), "fault") << at;
    EXPECT_EQ(stage_, RecordStage::kSetUp) << at;
  }
  host_.faults.clear();
  options_.safety.give_up_privileges = [] { return absl::PermissionDeniedError("kept"); };
  EXPECT_EQ(RecordCommand({"/bin/true"}).status().message(), "kept");
  EXPECT_EQ(stage_, RecordStage::kSetUp);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

}  // namespace
}  // namespace syscarve
