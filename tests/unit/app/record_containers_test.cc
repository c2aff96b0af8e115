// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/record_containers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <set>
#include <string>
#include <utility>

#include "tests/unit/app/job_test.h"
#include "tests/unit/container/fake_engine.h"
#include "tests/unit/trace/fake_kernel.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr SyscallId kGetpid{Abi::kX86_64, 39};

class RecordContainersTest : public JobTest {
 protected:
  RecordContainersTest() {
    request_.record.host = host_.Host();
    request_.give_up_privileges = [] { return absl::OkStatus(); };
    request_.engine_socket = engine_.path();
  }

  static std::string Id(char digit) { return std::string(64, digit); }
  static std::string Cgroup(char digit) { return "/docker/" + Id(digit); }
  void Have(char digit, const std::string& name) {
    engine_.On("/containers/" + Id(digit) + "/json",
               FakeEngine::Json("{\"Id\":\"" + Id(digit) + "\",\"Name\":\"/" + name +
                                "\",\"State\":{\"Pid\":7},\"Config\":{\"Image\":\"bb:1\"}}"));
  }
  void Appear(char digit) {
    host_.counters.subjects.push_back({.path = Cgroup(digit), .container = true, .started = true});
    Call(static_cast<SubjectId>(host_.counters.subjects.size() - 1));
  }
  void Call(SubjectId subject) {
    host_.counters.slots.push_back({.number = subject + 1, .subject = subject, .program = {.path = "/bin/a"}});
    host_.counters.calls.push_back({subject + 1, kGetpid, 1});
  }
  void Step(std::function<void()> step) { host_.steps.push_back(std::move(step)); }
  void StopInNextStep() {
    // To this thread: the engine's would die of it.
    Step([] { raise(SIGTERM); });
  }
  absl::StatusOr<RecordedContainers> Record() {
    request_.output = Path("recordings");
    return RecordContainersToFolder(request_, std::nullopt, stage_, notes_);
  }
  Recording Load(const std::string& name) const {
    auto recording = ParseRecording(Read("recordings/" + name + ".recording.json"));
    EXPECT_TRUE(recording.ok()) << recording.status();
    return recording.value_or(Recording());
  }

  FakeHost host_;
  FakeEngine engine_;
  RecordContainersRequest request_;
  RecordStage stage_ = RecordStage::kSetUp;
  KeptNotes notes_;
};

TEST_F(RecordContainersTest, EachServiceThatCameHasItsFile) {
  Have('a', "web");
  Have('b', "cache");
  Step([&] { Appear('a'); });
  Step([&] { Appear('b'); });
  StopInNextStep();
  const auto recorded = Record();
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_TRUE(recorded->all_written);
  EXPECT_EQ(In("recordings"), (std::set<std::string>{"cache.recording.json", "web.recording.json"}));
  EXPECT_TRUE(Load("web").losses.empty());
}

TEST_F(RecordContainersTest, OneThatRanBeforeIsIncomplete) {
  Have('a', "web");
  host_.MakeCgroup(Cgroup('a'), {getpid()});
  request_.running = true;
  Step([&] { Call(0); });
  StopInNextStep();
  const auto recorded = Record();
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  const Recording web = Load("web");
  ASSERT_EQ(web.losses.size(), 1u);
  EXPECT_EQ(web.losses[0].what, "started_before");
  EXPECT_THAT(notes_.warnings, Contains(HasSubstr("INCOMPLETE: started_before")));
}

TEST_F(RecordContainersTest, OneThatRunsAndIsNotWantedIsSaid) {
  Have('a', "web");
  host_.MakeCgroup(Cgroup('a'), {getpid()});
  StopInNextStep();
  const auto recorded = Record();
  EXPECT_THAT(std::string(recorded.status().message()), HasSubstr("--running records them"));
  EXPECT_THAT(notes_.notes, Contains(HasSubstr("1 container(s) that already run are not recorded")));
  EXPECT_TRUE(In("recordings").empty());
}

TEST_F(RecordContainersTest, OneThatThereWasNoRoomForIsNamed) {
  Have('a', "web");
  request_.max_containers = 1;
  Step([&] {
    recorder_event_subject told = {.header = {.type = RECORDER_EVENT_SUBJECT}};
    Cgroup('a').copy(told.path, sizeof(told.path));
    host_.Tell(told);
  });
  StopInNextStep();
  ASSERT_TRUE(Record().ok());
  ASSERT_EQ(Load("web").losses.size(), 1u);
  EXPECT_EQ(Load("web").losses[0].what, "containers_full");
}

TEST_F(RecordContainersTest, AnErrorInTheMiddleLeavesNoFile) {
  Step([&] {
    Appear('a');
    host_.faults["drain"] = absl::DataLossError("fault");
  });
  EXPECT_EQ(Record().status().message(), "fault");
  EXPECT_EQ(stage_, RecordStage::kRunning);
  EXPECT_TRUE(In("recordings").empty());
}

}  // namespace
}  // namespace syscarve
