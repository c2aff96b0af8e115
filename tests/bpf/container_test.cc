// SPDX-License-Identifier: Apache-2.0
// Containers without an engine: a small program does what engines and runtimes do, and nothing else, so that every call
// is known.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/cgroup.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/container_recorder.h"

namespace syscarve {
namespace {

constexpr char kWorkloads[] = SYSCARVE_WORKLOADS;

SyscallId Native(std::string_view name) {
  const auto id = FindSyscall(NativeAbi(), name);
  EXPECT_TRUE(id.has_value()) << name;
  return id.value_or(SyscallId{});
}

class ContainerTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::Status probe = ProbeBpfRecording().status();
    if (!probe.ok()) GTEST_SKIP() << "BPF cannot be used here: " << probe.message();
    // A cgroup of the test's own, which stands for "/docker".
    auto mount = FindCgroup2Mount();
    ASSERT_TRUE(mount.ok()) << mount.status();
    const std::string own = CgroupOfProcess(getpid()).value_or("/");
    cgroup_ = absl::StrCat(own == "/" ? "" : own, "/syscarve-test-", getpid());
    parent_ = *mount + cgroup_;
    ASSERT_EQ(mkdir(parent_.c_str(), 0755), 0) << parent_;
    root_ = testing::TempDir() + "/container-root-XXXXXX";
    ASSERT_NE(mkdtemp(root_.data()), nullptr);
    // Not the runtime's own file, or it would look like the runtime executing itself anew.
    std::filesystem::copy_file(absl::StrCat(kWorkloads, "/small_engine"), root_ + "/mover");
    for (const char* program : {"first_last", "first_refused", "calls_static"}) {
      std::filesystem::copy_file(absl::StrCat(kWorkloads, "/", program), absl::StrCat(root_, "/", program));
    }
  }
  void TearDown() override {
    if (!root_.empty()) std::filesystem::remove_all(root_);
    if (parent_.empty()) return;
    EXPECT_EQ(rmdir(parent_.c_str()), 0) << "a cgroup was left in " << parent_;
  }

  static std::string Id(int number) {
    std::string id = absl::StrCat(number);
    return std::string(64 - id.size(), 'a') + id;
  }

  // One small_engine, as a shell command.
  std::string Engine(const std::string& options, const std::string& name, const std::string& program) {
    return absl::StrCat(kWorkloads, "/small_engine ", options, " ", parent_, "/", name, " ", root_, " ", program);
  }

  ContainersOutcome Record(const std::string& shell) {
    auto command = ResolveCommand({"/bin/sh", "-ec", shell}, std::nullopt);
    EXPECT_TRUE(command.ok()) << command.status();
    auto signals = SignalForwarder::Create();
    EXPECT_TRUE(signals.ok());
    RecordStage stage;
    auto outcome = RecordContainers(*command, options_, *signals, stage);
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    if (!outcome.ok()) return {};
    EXPECT_EQ(outcome->command_status, 0);
    for (const Loss& loss : outcome->recording.losses) ADD_FAILURE() << loss.what << ": " << loss.detail;
    return *std::move(outcome);
  }

  static SubjectTrace Trace(const ContainersOutcome& outcome, SubjectId subject = 0, size_t run = 0) {
    const Recording& recording = outcome.recording;
    if (recording.runs.size() <= run || !recording.runs[run].subjects.contains(subject)) return {};
    return recording.runs[run].subjects.at(subject);
  }

  static std::set<std::string> Names(const std::map<SyscallId, Observation>& calls) {
    std::set<std::string> names;
    for (const auto& [id, observation] : calls) names.insert(DisplayName(id));
    return names;
  }

  void ExpectOnlyFirstAndLast(const SubjectTrace& trace) {
    EXPECT_EQ(Names(trace.calls),
              (std::set<std::string>{"execve", "exit", "sched_get_priority_max", "sched_get_priority_min"}));
    for (const auto& [id, observation] : trace.calls) EXPECT_EQ(observation.count, 1u) << DisplayName(id);
  }

  std::string cgroup_;
  std::string parent_;
  std::string root_;
  ContainerRecordOptions options_ = {.record = {.run_name = "test", .track_denials = true}};
};

TEST_F(ContainerTest, KeepsTheRuntimeApart) {
  const ContainersOutcome outcome = Record(Engine("-", Id(1), "/first_last"));
  ASSERT_EQ(outcome.recording.subjects.size(), 1u);
  const Subject& subject = outcome.recording.subjects[0];
  EXPECT_EQ(subject.kind, SubjectKind::kContainer);
  EXPECT_EQ(subject.name, Id(1));
  EXPECT_EQ(subject.cgroup, absl::StrCat(cgroup_, "/", Id(1)));
  ASSERT_TRUE(subject.start.has_value());
  EXPECT_FALSE(subject.start->filtered);
  EXPECT_FALSE(subject.start->no_new_privs);
  ExpectOnlyFirstAndLast(Trace(outcome));
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("personality")).count, 1u);
  EXPECT_TRUE(Trace(outcome).baseline_calls.empty());
}

TEST_F(ContainerTest, CallsUnderTheFilterAreTheBaseline) {
  const ContainersOutcome outcome = Record(Engine("fn", Id(1), "/first_last"));
  const Subject& subject = outcome.recording.subjects.at(0);
  ASSERT_TRUE(subject.start.has_value());
  EXPECT_TRUE(subject.start->filtered);
  EXPECT_TRUE(subject.start->no_new_privs);
  ExpectOnlyFirstAndLast(Trace(outcome));
  EXPECT_EQ(Names(Trace(outcome).baseline_calls), (std::set<std::string>{"chdir", "chroot", "execve", "getpriority"}));
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("seccomp")).count, 1u);
}

TEST_F(ContainerTest, TellsARefusalThatIsTheFirstCallOfAChild) {
  const ContainersOutcome outcome = Record(Engine("r", Id(1), "/first_refused"));
  const auto& denials = Trace(outcome).denials;
  ASSERT_EQ(denials.size(), 1u);
  ASSERT_TRUE(denials.contains(Native("sched_getparam")));
  EXPECT_EQ(denials.at(Native("sched_getparam")).at(0).errno_value, EPERM);
  EXPECT_EQ(denials.at(Native("sched_getparam")).at(0).count, 1u);
  EXPECT_EQ(Names(Trace(outcome).calls), (std::set<std::string>{"clone", "execve", "exit_group", "wait4"}));
}

TEST_F(ContainerTest, ARuntimeThatExecutesItselfAnewIsStillTheRuntime) {
  const ContainersOutcome outcome = Record(Engine("a", Id(1), "/first_last"));
  ExpectOnlyFirstAndLast(Trace(outcome));
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("personality")).count, 1u);
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("memfd_create")).count, 1u);
}

TEST_F(ContainerTest, ARuntimeMovedInTheMiddleOfItsExecIsStillTheRuntime) {
  const ContainersOutcome outcome = Record(Engine("m", Id(1), "/first_last"));
  ExpectOnlyFirstAndLast(Trace(outcome));
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("personality")).count, 1u);
}

TEST_F(ContainerTest, ARuntimeBornInTheCgroupIsTheRuntime) {
  const ContainersOutcome outcome = Record(Engine("i", Id(1), "/first_last"));
  ExpectOnlyFirstAndLast(Trace(outcome));
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("personality")).count, 1u);
}

TEST_F(ContainerTest, EveryThreadOfAMovedProcessIsTheRuntimesAndAnyMayExec) {
  const ContainersOutcome outcome = Record(Engine("t", Id(1), "/first_last"));
  ExpectOnlyFirstAndLast(Trace(outcome));
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("sched_rr_get_interval")).count, 1u);
}

TEST_F(ContainerTest, AContainerWhoseRootIsTheHostsStartsAllTheSame) {
  const std::string engine =
      absl::StrCat(kWorkloads, "/small_engine - ", parent_, "/", Id(1), " / ", kWorkloads, "/first_last");
  ExpectOnlyFirstAndLast(Trace(Record(engine)));
}

TEST_F(ContainerTest, WhatAContainerMovesWithinItselfStaysItsOwn) {
  const ContainersOutcome outcome = Record(absl::StrCat(kWorkloads, "/small_engine s ", parent_, "/", Id(1), " / ",
                                                        root_, "/mover --move ", parent_, "/", Id(1), "/sub"));
  EXPECT_EQ(Trace(outcome).calls.count(Native("sched_get_priority_max")), 1u);
}

TEST_F(ContainerTest, FollowsAContainerToAnyDepth) {
  const std::map<int, int> counts = {{1, 11}, {63, 13}, {64, 17}, {200, 19}};
  std::string commands;
  for (const auto& [depth, count] : counts) {
    const std::string cgroup = absl::StrCat(parent_, "/", Id(depth));
    absl::StrAppend(&commands, kWorkloads, "/small_engine - ", cgroup, " / ", kWorkloads, "/wander deep:", cgroup, ":",
                    depth, " exec call:", Native("sched_rr_get_interval").nr, ":", count, "\n");
  }
  const ContainersOutcome outcome = Record(commands);
  ASSERT_EQ(outcome.recording.subjects.size(), counts.size());
  SubjectId subject = 0;
  for (const auto& [depth, count] : counts) {
    const SubjectTrace& trace = Trace(outcome, subject++);
    ASSERT_TRUE(trace.calls.contains(Native("sched_rr_get_interval"))) << depth;
    EXPECT_EQ(trace.calls.at(Native("sched_rr_get_interval")).count, static_cast<uint64_t>(count)) << depth;
  }
}

TEST_F(ContainerTest, WhatLeavesAContainerIsStillItsOwn) {
  const std::string away = absl::StrCat(parent_, "/away");
  ASSERT_EQ(mkdir(away.c_str(), 0755), 0);
  const std::string call = absl::StrCat(" call:", Native("sched_rr_get_interval").nr, ":");
  const ContainersOutcome outcome =
      Record(absl::StrCat(kWorkloads, "/small_engine - ", parent_, "/", Id(1), " / ", kWorkloads, "/wander move:", away,
                          call, "3 exec", call, "5 fork", call, "11 born:", away, call, "13 exec", call, "17"));
  EXPECT_EQ(rmdir(away.c_str()), 0);
  ASSERT_EQ(outcome.recording.subjects.size(), 1u);
  ASSERT_TRUE(Trace(outcome).calls.contains(Native("sched_rr_get_interval")));
  EXPECT_EQ(Trace(outcome).calls.at(Native("sched_rr_get_interval")).count, 3u + 5u + 11u + 13u + 17u);
  EXPECT_FALSE(Trace(outcome).runtime_calls.contains(Native("sched_rr_get_interval")));
}

TEST_F(ContainerTest, OnlyContainersAreEnrolled) {
  const ContainersOutcome outcome = Record(absl::StrCat(
      Engine("-", "libpod-conmon-" + Id(1) + ".scope", "/first_last"), "; ", Engine("-", "web", "/first_last"), "; ",
      Engine("-", Id(2).substr(1), "/first_last"), "; ", Engine("-", Id(2) + "a", "/first_last"), "; ",
      Engine("-", "docker-" + Id(3) + ".slice", "/first_last"), "; ",
      Engine("-", std::string(63, 'a') + "G", "/first_last"), "; ",
      Engine("-", std::string(100, 'a') + "-" + Id(4), "/first_last")));
  EXPECT_TRUE(outcome.recording.subjects.empty());
  EXPECT_TRUE(outcome.refused.empty());
}

TEST_F(ContainerTest, EveryEnginesNamesAreKnown) {
  std::string commands;
  int number = 1;
  for (const char* name : {"%", "docker-%.scope", "libpod-%", "libpod-%.scope", "cri-containerd-%.scope",
                           "crio-%.scope", "nerdctl-%.scope"}) {
    std::string spelt = name;
    spelt.replace(spelt.find('%'), 1, Id(number++));
    absl::StrAppend(&commands, Engine("-", spelt, "/first_last"), "\n");
  }
  const ContainersOutcome outcome = Record(commands);
  ASSERT_EQ(outcome.recording.subjects.size(), 7u);
  for (SubjectId subject = 0; subject < 7; ++subject) ExpectOnlyFirstAndLast(Trace(outcome, subject));
}

TEST_F(ContainerTest, AnyNameBelowAParentThatWasGiven) {
  options_.parents = {cgroup_};
  const ContainersOutcome outcome = Record(Engine("-", "whatever.service", "/first_last"));
  ASSERT_EQ(outcome.recording.subjects.size(), 1u);
  ExpectOnlyFirstAndLast(Trace(outcome));
}

TEST_F(ContainerTest, TwoAtOnceNeverShareACall) {
  // 142 is sched_setparam, 143 sched_getparam on x86_64.
  const std::string one = Engine("-", Id(1), absl::StrCat("/calls_static ", Native("sched_getparam").nr, ":1000"));
  const std::string two = Engine("-", Id(2), absl::StrCat("/calls_static ", Native("sched_setparam").nr, ":1000"));
  const ContainersOutcome outcome = Record(absl::StrCat(one, " & first=$!; ", two, "; wait $first"));
  ASSERT_EQ(outcome.recording.subjects.size(), 2u);
  for (SubjectId subject = 0; subject < 2; ++subject) {
    const bool is_first = outcome.recording.subjects[subject].name == Id(1);
    const SyscallId own = Native(is_first ? "sched_getparam" : "sched_setparam");
    const SyscallId other = Native(is_first ? "sched_setparam" : "sched_getparam");
    ASSERT_TRUE(Trace(outcome, subject).calls.contains(own));
    EXPECT_EQ(Trace(outcome, subject).calls.at(own).count, 1000u);
    EXPECT_FALSE(Trace(outcome, subject).calls.contains(other));
  }
}

TEST_F(ContainerTest, NamesThoseThatThereIsNoRoomFor) {
  options_.max_containers = 2;
  const ContainersOutcome outcome =
      Record(absl::StrCat(Engine("-", Id(1), "/first_last"), "; ", Engine("-", Id(2), "/first_last"), "; ",
                          Engine("-", Id(3), "/first_last")));
  EXPECT_EQ(outcome.recording.subjects.size(), 2u);
  EXPECT_EQ(outcome.refused, std::vector<std::string>{absl::StrCat(cgroup_, "/", Id(3))});
}

TEST_F(ContainerTest, OneThatIsStartedAnewIsTheSameSubject) {
  options_.max_containers = 2;
  const std::string call = absl::StrCat("/calls_static ", Native("sched_getparam").nr, ":23");
  const ContainersOutcome outcome = Record(absl::StrCat("for i in 1 2 3 4 5 6 7; do ", Engine("-", Id(1), call),
                                                        "; done; ", Engine("-", Id(2), "/first_last")));
  EXPECT_EQ(outcome.recording.subjects.size(), 2u);
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(Trace(outcome).calls.at(Native("sched_getparam")).count, 7u * 23);
  EXPECT_EQ(Trace(outcome).runtime_calls.at(Native("personality")).count, 7u);
  ExpectOnlyFirstAndLast(Trace(outcome, 1));
  const Life life = outcome.recording.subjects[0].life.value_or(Life());
  EXPECT_TRUE(life.start_seen);
  EXPECT_EQ(life.restarts, 6u);
  EXPECT_EQ(life.joined, 0u);
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kExited}}));
  EXPECT_EQ(outcome.recording.subjects[1].life.value_or(Life()).restarts, 0u);
}

TEST_F(ContainerTest, WhoJoinsARunningContainerIsCounted) {
  const long forever = Native("ppoll").nr;  // Without descriptors and time.
  const std::string procs = absl::StrCat(parent_, "/", Id(1), "/cgroup.procs");
  const ContainersOutcome outcome = Record(
      absl::StrCat(Engine("-", Id(1), absl::StrCat("/calls_static ", forever)), " & until read first 2>/dev/null <",
                   procs, " && read call rest </proc/$first/syscall && [ \"$call\" = ", forever,
                   " ]; do :; done; for i in 1 2; do sh -c 'echo $$ >", procs, "; exec chroot ", root_,
                   " /first_last'; done; kill -KILL $first; wait"));
  ASSERT_EQ(outcome.recording.subjects.size(), 1u);
  const Life life = outcome.recording.subjects[0].life.value_or(Life());
  EXPECT_EQ(life.joined, 2u);
  EXPECT_EQ(life.restarts, 0u);
  EXPECT_EQ(life.ends, (std::set<LifeEnd>{{.kind = EndKind::kKilled, .signal = SIGKILL}}));
  EXPECT_EQ((life.signals.count({SIGKILL, SignalOutcome::kDefault, SignalOrigin::kOutside})), 1u);
}

TEST_F(ContainerTest, DividesARecordingWhereTheCommandMarks) {
  const std::string mark = R"py(python3 -c "
import os, socket, sys
s = socket.socket(socket.AF_UNIX); s.connect(os.environ['SYSCARVE_MARK'])
s.sendall(sys.argv[1].encode() + b'\n'); sys.exit(s.recv(16) != b'ok\n')" )py";
  const auto call = [&](int id, std::string_view name) {
    return Engine("-", Id(id), absl::StrCat("/calls_static ", Native(name).nr, ":23"));
  };
  const ContainersOutcome outcome =
      Record(absl::StrCat(call(1, "sched_getparam"), "; ", mark, "second; ", call(2, "sched_setparam"), "; ", mark,
                          "third; ", call(3, "sched_getparam")));
  ASSERT_EQ(outcome.recording.runs.size(), 3u);
  EXPECT_EQ(outcome.recording.runs[0].name, "test");
  EXPECT_EQ(outcome.recording.runs[1].name, "second");
  for (size_t run = 0; run < 3; ++run) {
    for (SubjectId subject = 0; subject < 3; ++subject) {
      const SyscallId id = Native(subject == 1 ? "sched_setparam" : "sched_getparam");
      const auto& calls = Trace(outcome, subject, run).calls;
      EXPECT_EQ(calls.contains(id) ? calls.at(id).count : 0, run == subject ? 23u : 0u) << run << " " << subject;
    }
  }
}

TEST_F(ContainerTest, StreamsEveryCallOfContainersToo) {
  options_.record.every_call = true;
  const ContainersOutcome outcome = Record(Engine("f", Id(1), "/first_last"));
  ExpectOnlyFirstAndLast(Trace(outcome));
}

}  // namespace
}  // namespace syscarve
