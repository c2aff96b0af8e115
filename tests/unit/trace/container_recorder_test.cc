// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/container_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/unit/trace/fake_kernel.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

class ContainerRecorderTest : public testing::Test {
 protected:
  ContainerRecorderTest() : signals_(*SignalForwarder::Create()) {
    options_.record.host = host_.Host();
    options_.record.mark_by = MarkBy::kDescriptor;
  }

  void Step(std::function<void()> step) { host_.steps.push_back(std::move(step)); }
  void StopInNextStep() {
    Step([] { kill(getpid(), SIGTERM); });
  }
  // As the kernel side enrols it.
  void Appear(const std::string& cgroup) {
    const auto subject = static_cast<SubjectId>(host_.counters.subjects.size());
    host_.counters.subjects.push_back({.path = cgroup, .container = true, .started = true});
    host_.counters.slots.push_back({.number = subject + 1, .subject = subject, .program = {.path = cgroup}});
    host_.counters.calls.push_back({subject + 1, kGetpid, 1});
  }
  absl::StatusOr<ContainersOutcome> Record(std::vector<std::string> words = {}) {
    std::optional<Command> command;
    if (!words.empty()) command = Command{.path = words[0], .argv = words, .environment = {}, .identity = {}};
    return RecordContainers(command, options_, signals_, stage_);
  }

  FakeHost host_;
  SignalForwarder signals_;
  ContainerRecordOptions options_;
  RecordStage stage_ = RecordStage::kSetUp;
};

TEST_F(ContainerRecorderTest, HasWhoCameAndWentUntilASignal) {
  Step([&] { Appear("/docker/one"); });
  Step([&] {
    Appear("/docker/two");
    host_.Tell(recorder_event_subject{.header = {.type = RECORDER_EVENT_SUBJECT}, .path = "/docker/full"});
  });
  StopInNextStep();
  const auto outcome = Record();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(stage_, RecordStage::kRunning);
  EXPECT_TRUE(host_.armed_with.enrol_containers);
  ASSERT_EQ(outcome->recording.subjects.size(), 2u);
  EXPECT_EQ(outcome->recording.subjects[1].cgroup, "/docker/two");
  EXPECT_THAT(outcome->ran_before, IsEmpty());
  EXPECT_THAT(outcome->refused, ElementsAre("/docker/full"));
}

TEST_F(ContainerRecorderTest, OfThoseThatRunWhoIsNewOrGoneIsNotOneThatRanBefore) {
  options_.parents = {"/odd", "engine"};
  options_.running = [] { return std::vector<std::string>{"/docker/gone", "/docker/new", "/docker/old"}; };
  host_.faults["follow /docker/gone"] = absl::NotFoundError("it has ended");
  host_.faults["follow /docker/new"] = absl::AlreadyExistsError("the kernel side was quicker");
  options_.record.duration = milliseconds(0);
  Step([] {});
  const auto outcome = Record();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(host_.Did("enrol /odd"));
  EXPECT_TRUE(host_.Did("enrol /engine"));
  EXPECT_EQ(outcome->ran_before, std::vector<SubjectId>{0});
  ASSERT_EQ(outcome->recording.subjects.size(), 1u);
  EXPECT_EQ(outcome->recording.subjects[0].name, "old");
  EXPECT_EQ(outcome->recording.subjects[0].cgroup, "/docker/old");
}

TEST_F(ContainerRecorderTest, OneThatCannotBeFollowedForAnotherReasonIsAnError) {
  options_.running = [] { return std::vector<std::string>{"/docker/old"}; };
  host_.faults["follow /docker/old"] = absl::ResourceExhaustedError("fault");
  EXPECT_EQ(Record().status().message(), "fault");
  EXPECT_EQ(stage_, RecordStage::kSetUp);
  host_.faults = {{"enrol", absl::NotFoundError("no such cgroup")}};
  options_.parents = {"/none"};
  EXPECT_EQ(Record().status().message(), "no such cgroup");
}

TEST_F(ContainerRecorderTest, EndsWithTheCommandAndHasItsStatus) {
  Step([&] {
    Appear("/docker/one");
    siginfo_t info;
    EXPECT_EQ(waitid(P_ALL, 0, &info, WEXITED | WNOWAIT), 0);
  });
  const auto outcome = Record({"/bin/sh", "-c", "exit 7"});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->command_status, 7);
  EXPECT_EQ(outcome->recording.runs[0].command, (CommandEnd{.status = 7}));
  EXPECT_EQ(outcome->recording.subjects.size(), 1u);
}

TEST_F(ContainerRecorderTest, WhatIsDoneToContainersAtTheEndIsRecordedToo) {
  options_.running = [] { return std::vector<std::string>{"/docker/old"}; };
  options_.exercise = [&](const Recording& so_far, const std::vector<SubjectId>& ran_before,
                          const std::atomic<bool>& stop) {
    EXPECT_EQ(so_far.subjects.size(), 2u);
    EXPECT_EQ(so_far.runs[0].subjects.at(1).calls.at(kGetpid).count, 1u);
    EXPECT_EQ(ran_before, std::vector<SubjectId>{0});
    EXPECT_FALSE(stop);
    kill(getpid(), SIGTERM);
    while (!stop) std::this_thread::yield();
  };
  Step([&] { Appear("/docker/one"); });
  StopInNextStep();
  Step([] {});  // What is so far.
  Step([&] { host_.counters.calls.back().count = 5; });
  host_.behind_the_last_step = [] {};
  const auto outcome = Record();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(outcome->recording.runs[0].subjects.at(1).calls.at(kGetpid).count, 5u);
  EXPECT_THAT(outcome->recording.losses, IsEmpty());
}

TEST_F(ContainerRecorderTest, AnErrorInTheMiddleEndsWhatIsDoneAtTheEnd) {
  bool stopped = false;
  options_.exercise = [&](const Recording&, const std::vector<SubjectId>&, const std::atomic<bool>& stop) {
    while (!stop) std::this_thread::yield();
    stopped = true;
  };
  StopInNextStep();
  Step([] {});
  Step([&] { host_.faults["drain"] = absl::DataLossError("fault"); });
  host_.behind_the_last_step = [] {};
  EXPECT_EQ(Record().status().message(), "fault");
  EXPECT_TRUE(stopped);
}

TEST_F(ContainerRecorderTest, AnErrorInTheMiddleEndsTheCommand) {
  Step([&] { host_.faults["drain"] = absl::DataLossError("fault"); });
  EXPECT_EQ(Record({"/bin/sleep", "1000"}).status().message(), "fault");
  EXPECT_EQ(stage_, RecordStage::kRunning);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  host_.faults.clear();
  EXPECT_EQ(Record({"/no/such/program"}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(stage_, RecordStage::kExec);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
}

TEST_F(ContainerRecorderTest, OneOfAHookIsOverWhenItsCgroupIsEmptyAndNobodyLeftIt) {
  host_.MakeCgroup("/docker/abc", {getpid()});
  options_.on_armed = [&] { EXPECT_TRUE(host_.Did(Concat("runtime ", getpid()))); };
  Step([] {});
  Step([&] {
    host_.SetPopulated("/docker/abc", false);
    host_.followed = {getpid()};
  });
  Step([&] { host_.followed.clear(); });
  const auto recording = RecordContainerOf(getpid(), options_, signals_);
  ASSERT_TRUE(recording.ok()) << recording.status();
  EXPECT_THAT(host_.steps, IsEmpty());
  EXPECT_FALSE(host_.armed_with.enrol_containers);
  EXPECT_EQ(recording->subjects.at(0).name, "abc");
  EXPECT_THAT(recording->losses, IsEmpty());
}

TEST_F(ContainerRecorderTest, OneOfAHookEndsBySignalAndWithTheFirstError) {
  EXPECT_EQ(RecordContainerOf(getpid(), options_, signals_).status().code(), absl::StatusCode::kNotFound)
      << "there is no such cgroup";
  host_.MakeCgroup("/docker/abc", {getpid()});
  StopInNextStep();
  EXPECT_TRUE(RecordContainerOf(getpid(), options_, signals_).ok());
  for (const std::string at : {"set apart", "arm", "follow /docker/abc", "runtime"}) {
    host_.faults = {{at, absl::FailedPreconditionError("fault")}};
    EXPECT_EQ(RecordContainerOf(getpid(), options_, signals_).status().message(), "fault") << at;
  }
  host_.faults.clear();
  host_.SetPopulated("/docker/abc", false);
  host_.faults["list"] = absl::DataLossError("fault");
  Step([] {});
  EXPECT_EQ(RecordContainerOf(getpid(), options_, signals_).status().message(), "fault");
}

}  // namespace
}  // namespace syscarve
