// SPDX-License-Identifier: Apache-2.0
// Whose a task is: however deep it sits, wherever it goes, and to its end. A workload wanders between cgroups and makes
// rare calls on its way, a prime number of each.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/bpf/record_command.h"
#include "userspace/base/unique_fd.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/cgroup.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/bpf_recorder.h"

namespace syscarve {
namespace {

using CgroupKind = BpfEventSource::CgroupKind;

SyscallId Native(std::string_view name) {
  const auto id = FindSyscall(NativeAbi(), name);
  EXPECT_TRUE(id.has_value()) << name;
  return id.value_or(SyscallId{});
}

// The word that makes wander call `name`.
std::string Call(std::string_view name, int count) {
  return absl::StrCat("call:", Native(name).nr, ":", count);
}

std::string Wander() {
  return absl::StrCat(SYSCARVE_WORKLOADS, "/wander");
}

class MembershipTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::Status probe = ProbeBpfRecording().status();
    if (!probe.ok()) GTEST_SKIP() << "BPF cannot be used here: " << probe.message();
    auto leaf = CgroupLeaf::Create();
    ASSERT_TRUE(leaf.ok()) << leaf.status();
    away_.emplace(*std::move(leaf));
    folder_ = testing::TempDir() + "/membership-XXXXXX";
    ASSERT_NE(mkdtemp(folder_.data()), nullptr);
  }
  void TearDown() override {
    if (away_) {
      EXPECT_TRUE(away_->Processes().empty());
    }
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string Fifo(const std::string& name) {
    const std::string path = absl::StrCat(folder_, "/", name);
    EXPECT_EQ(mkfifo(path.c_str(), 0600), 0);
    return path;
  }
  // Returns when somebody waits there, who goes on then.
  static void Tell(const std::string& fifo) { const UniqueFd fd(open(fifo.c_str(), O_WRONLY | O_CLOEXEC)); }
  static void Await(const std::string& fifo) {
    const UniqueFd fd(open(fifo.c_str(), O_RDONLY | O_CLOEXEC));
    char byte;
    EXPECT_EQ(read(fd.get(), &byte, 1), 0);
  }

  std::string MoveAway() const { return absl::StrCat("move:", away_->directory()); }

  static pid_t Start(const std::vector<std::string>& words) {
    const pid_t child = fork();
    if (child != 0) return child;
    std::string program = Wander();
    std::vector<char*> argv = {program.data()};
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(program.c_str(), argv.data());
    _exit(1);
  }
  static void ExpectEnd(pid_t child) {
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }

  Recording RecordShell(const std::string& script) {
    Recording recording = RecordedCommand({"/bin/sh", "-ec", script}, options_, 0);
    ExpectNoLoss(recording);
    return recording;
  }

  static void ExpectNoLoss(const Recording& recording) {
    for (const Loss& loss : recording.losses) ADD_FAILURE() << loss.what << " " << loss.count << ": " << loss.detail;
  }

  // Of a subject that was there before: its start was not seen, and nothing else is missing.
  static void ExpectOnlyTheStartMissing(const Recording& recording) {
    ASSERT_EQ(recording.losses.size(), 1u);
    EXPECT_EQ(recording.losses[0].what, "started_before");
  }

  static uint64_t Count(const Recording& recording, std::string_view name) {
    if (recording.runs.empty() || !recording.runs[0].subjects.contains(0)) return 0;
    const auto calls = recording.runs[0].subjects.at(0).calls;
    const auto found = calls.find(Native(name));
    return found == calls.end() ? 0 : found->second.count;
  }

  static uint64_t Count(const KernelSnapshot& snapshot, SubjectId subject, Phase phase, std::string_view name) {
    uint64_t count = 0;
    for (const KernelSlot& slot : snapshot.slots) {
      if (slot.subject != subject || slot.phase != phase) continue;
      for (const auto& calls : snapshot.calls)
        count += calls.slot == slot.number && calls.id == Native(name) ? calls.count : 0;
    }
    return count;
  }

  RecordOptions options_ = {.run_name = "test", .subject_name = "wander", .grace = std::chrono::minutes(1)};
  std::optional<CgroupLeaf> away_;
  std::string folder_;
};

TEST_F(MembershipTest, FollowsACommandToAnyDepth) {
  const auto mount = FindCgroup2Mount();
  ASSERT_TRUE(mount.ok());
  const std::string deep = absl::StrCat(Wander(), " deep:", *mount, "$(sed -n s/^0:://p /proc/self/cgroup):");
  const Recording recording = RecordShell(absl::StrCat(            //
      deep, "1 exec ", Call("sched_rr_get_interval", 11), "\n",    //
      deep, "63 exec ", Call("sched_get_priority_max", 13), "\n",  //
      deep, "64 exec ", Call("sched_get_priority_min", 17), "\n",  //
      deep, "200 exec ", Call("sched_getscheduler", 19)));
  EXPECT_EQ(Count(recording, "sched_rr_get_interval"), 11u);
  EXPECT_EQ(Count(recording, "sched_get_priority_max"), 13u);
  EXPECT_EQ(Count(recording, "sched_get_priority_min"), 17u);
  EXPECT_EQ(Count(recording, "sched_getscheduler"), 19u);
}

TEST_F(MembershipTest, FollowsWhatLeaves) {
  const std::string wander = Wander() + " ";
  const std::string born = absl::StrCat("born:", away_->directory());
  const Recording recording = RecordShell(absl::StrJoin(
      {
          absl::StrCat(wander, MoveAway(), " ", Call("sched_rr_get_interval", 11)),
          absl::StrCat(wander, MoveAway(), " exec ", Call("sched_get_priority_max", 13)),
          absl::StrCat(wander, MoveAway(), " fork ", Call("sched_get_priority_min", 17), " fork exec ",
                       Call("getsid", 7)),
          absl::StrCat(wander, born, " ", Call("sched_getscheduler", 19)),
          absl::StrCat(wander, born, " fork exec ", Call("sched_getparam", 23)),
      },
      "\n"));
  EXPECT_EQ(Count(recording, "sched_rr_get_interval"), 11u);
  EXPECT_EQ(Count(recording, "sched_get_priority_max"), 13u);
  EXPECT_EQ(Count(recording, "sched_get_priority_min"), 17u);
  EXPECT_EQ(Count(recording, "getsid"), 7u);
  EXPECT_EQ(Count(recording, "sched_getscheduler"), 19u);
  EXPECT_EQ(Count(recording, "sched_getparam"), 23u);
}

// As far as its parent goes, it is no other than what the recorder itself forks.
TEST_F(MembershipTest, FollowsAChildThatTheCommandHasForkedInTheRecordersName) {
  const Recording recording =
      RecordShell(absl::StrCat("exec ", Wander(), " sibling ", Call("sched_rr_get_interval", 11)));
  EXPECT_EQ(Count(recording, "sched_rr_get_interval"), 11u);
  EXPECT_TRUE(recording.losses.empty());
}

TEST_F(MembershipTest, ALeaverThatOutlivesTheCommandIsFollowedToItsEnd) {
  const std::string ready = Fifo("ready");
  std::thread teller([&] { Tell(ready); });
  const Recording recording = RecordShell(
      absl::StrCat("exec ", Wander(), " ", MoveAway(), " leave await:", ready, " ", Call("sched_rr_get_interval", 11)));
  teller.join();
  EXPECT_EQ(Count(recording, "sched_rr_get_interval"), 11u);
  EXPECT_EQ(recording.runs[0].command->ended_by_recorder, 0u);
}

TEST_F(MembershipTest, ALeaverThatOutlivesTheGracePeriodIsEnded) {
  options_.grace = std::chrono::milliseconds(100);
  const std::string never = Fifo("never");
  const Recording recording =
      RecordShell(absl::StrCat("exec ", Wander(), " ", MoveAway(), " leave fork await:", never));
  EXPECT_EQ(recording.runs[0].command->ended_by_recorder, 2u);
  EXPECT_TRUE(away_->Processes().empty());
}

// A shell that was there before, has made no call since, and is moved by somebody else.
TEST_F(MembershipTest, FollowsASilentTaskThatIsTakenOutOfAnExistingCgroup) {
  auto leaf = CgroupLeaf::Create();
  ASSERT_TRUE(leaf.ok()) << leaf.status();
  const std::string ready = Fifo("ready");
  const std::string go = Fifo("go");
  const pid_t child = Start(
      {absl::StrCat("move:", leaf->directory()), "tell:" + ready, "await:" + go, Call("sched_rr_get_interval", 11)});
  Await(ready);
  std::thread teller;
  options_.note = [&](std::string_view text) {
    if (!text.starts_with("recording")) return;
    EXPECT_TRUE(away_->Add(child).ok());
    teller = std::thread([&] { Tell(go); });
  };
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok());
  const auto outcome = RecordCgroupWithBpf(leaf->path(), options_, *signals);
  if (teller.joinable()) teller.join();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ExpectEnd(child);
  EXPECT_EQ(Count(outcome->recording, "sched_rr_get_interval"), 11u);
  ExpectOnlyTheStartMissing(outcome->recording);
}

TEST_F(MembershipTest, AnExistingProcessIsFollowedToTheEndOfItsDescendants) {
  const std::string begin = Fifo("begin");
  const std::string go = Fifo("go");
  const pid_t child = Start({"await:" + begin, "leave", "await:" + go, "fork", Call("sched_rr_get_interval", 11)});
  std::thread teller;
  options_.note = [&](std::string_view text) {
    if (!text.starts_with("recording")) return;
    teller = std::thread([&] {
      Tell(begin);
      ExpectEnd(child);
      Tell(go);
    });
  };
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok());
  const auto outcome = RecordProcessWithBpf(child, options_, *signals);
  if (teller.joinable()) teller.join();
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_EQ(Count(outcome->recording, "sched_rr_get_interval"), 11u);
  ExpectOnlyTheStartMissing(outcome->recording);
}

TEST_F(MembershipTest, WhoMovesToAnotherSubjectIsThatSubjects) {
  auto first = CgroupLeaf::Create();
  auto second = CgroupLeaf::Create();
  ASSERT_TRUE(first.ok() && second.ok());
  auto source = BpfEventSource::Create({.max_subjects = 2});
  ASSERT_TRUE(source.ok()) << source.status();
  ASSERT_TRUE((*source)->FollowCgroup(first->directory(), CgroupKind::kPlain).ok());
  ASSERT_TRUE((*source)->FollowCgroup(second->directory(), CgroupKind::kPlain).ok());
  const std::string call = "sched_rr_get_interval";
  ExpectEnd(Start({
      absl::StrCat("move:", first->directory()),
      "exec",
      Call(call, 3),
      MoveAway(),
      Call(call, 5),  //
      absl::StrCat("move:", second->directory()),
      Call(call, 7),
      "exec",
      Call(call, 11),
      MoveAway(),  //
      "fork",
      Call(call, 13),
      absl::StrCat("born:", first->directory()),
      Call(call, 17),
      "exec",
      Call(call, 19),
  }));
  EventReader events(NativeAbi(), 0);
  const auto snapshot = (*source)->Finish(events);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(Count(*snapshot, 0, Phase::kMain, call), 3u + 5u + 19u);
  EXPECT_EQ(Count(*snapshot, 1, Phase::kRuntime, call), 7u);
  EXPECT_EQ(Count(*snapshot, 1, Phase::kMain, call), 11u + 13u);
  EXPECT_EQ(Count(*snapshot, 0, Phase::kRuntime, call), 17u);
}

TEST_F(MembershipTest, AVisitorIsNotFollowed) {
  auto leaf = CgroupLeaf::Create();
  ASSERT_TRUE(leaf.ok());
  auto source = BpfEventSource::Create({});
  ASSERT_TRUE(source.ok()) << source.status();
  ASSERT_TRUE((*source)->FollowCgroup(leaf->directory(), CgroupKind::kPlain).ok());
  const std::string call = "sched_rr_get_interval";
  const std::string in = absl::StrCat("move:", leaf->directory());
  const std::string ready = Fifo("ready");
  const std::string go = Fifo("go");
  const pid_t child = Start({Call(call, 3), in, Call(call, 5), MoveAway(), Call(call, 7), "exec", Call(call, 11),
                             "tell:" + ready, "await:" + go});
  Await(ready);
  const auto followed = (*source)->FollowedProcesses();
  ASSERT_TRUE(followed.ok()) << followed.status();
  EXPECT_TRUE(followed->empty());
  Tell(go);
  ExpectEnd(child);
  EventReader events(NativeAbi(), 0);
  const auto snapshot = (*source)->Finish(events);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(Count(*snapshot, 0, Phase::kRuntime, call), 5u);
  EXPECT_EQ(Count(*snapshot, 0, Phase::kMain, call), 0u);
}

TEST_F(MembershipTest, SaysHowManyMayHaveLeftUnseenAndWhereTo) {
  auto leaf = CgroupLeaf::Create();
  ASSERT_TRUE(leaf.ok());
  auto source = BpfEventSource::Create({.max_processes = 1});
  ASSERT_TRUE(source.ok()) << source.status();
  ASSERT_TRUE((*source)->FollowCgroup(leaf->directory(), CgroupKind::kPlain).ok());
  // Of a hash table with one entry another can be had per CPU: fill it first.
  const std::string move = absl::StrCat("move:", leaf->directory());
  const std::string go = Fifo("go");
  std::vector<std::string> words = {move, "exec"};
  const int depth = static_cast<int>(sysconf(_SC_NPROCESSORS_CONF)) + 8;
  for (int i = 0; i < depth; ++i) words.push_back("fork");
  words.push_back(MoveAway());
  ExpectEnd(Start(words));
  EventReader events(NativeAbi(), 0);
  const auto snapshot = (*source)->Finish(events);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->losses.left_unseen, 1u);
  EXPECT_EQ(std::string(snapshot->losses.left_to), away_->path());
}

}  // namespace
}  // namespace syscarve
