// SPDX-License-Identifier: Apache-2.0
// The kernel side and its recorder against workloads whose calls are known exactly.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/bpf/record_command.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/process/cgroup.h"
#include "userspace/trace/bpf_event_source.h"
#include "userspace/trace/bpf_recorder.h"

#if defined(__x86_64__)
#include "tests/unit/seccomp/kernel_calls.h"
#endif

namespace syscarve {
namespace {

constexpr char kWorkloads[] = SYSCARVE_WORKLOADS;

SyscallId Native(std::string_view name) {
  const auto id = FindSyscall(NativeAbi(), name);
  EXPECT_TRUE(id.has_value()) << name;
  return id.value_or(SyscallId{});
}

class RecorderTest : public testing::Test {
 protected:
  void SetUp() override {
    const absl::Status probe = ProbeBpfRecording().status();
    if (!probe.ok()) GTEST_SKIP() << "BPF cannot be used here: " << probe.message();
  }

  // Records a workload; the command's status must be `status`.
  Recording Record(std::vector<std::string> argv, int status = 0) {
    if (argv[0].find('/') == std::string::npos) argv[0] = absl::StrCat(kWorkloads, "/", argv[0]);
    Recording recording = RecordedCommand(argv, options_, status);
    EXPECT_EQ(recording.runs.size(), 1u);
    return recording;
  }

  static SubjectTrace Trace(const Recording& recording) {
    if (recording.runs.empty() || !recording.runs[0].subjects.contains(0)) return {};
    return recording.runs[0].subjects.at(0);
  }

  static uint64_t Count(const Recording& recording, SyscallId id) {
    const auto& calls = Trace(recording).calls;
    const auto it = calls.find(id);
    return it == calls.end() ? 0 : it->second.count;
  }

  static void ExpectNoLoss(const Recording& recording) {
    for (const Loss& loss : recording.losses) ADD_FAILURE() << loss.what << " " << loss.count << ": " << loss.detail;
  }

  // Of a subject that was there before: its start was not seen, and nothing else is missing.
  static void ExpectOnlyTheStartMissing(const Recording& recording) {
    ASSERT_EQ(recording.losses.size(), 1u);
    EXPECT_EQ(recording.losses[0].what, "started_before");
    EXPECT_EQ(recording.losses[0].count, 1u);
  }

  RecordOptions options_ = {.run_name = "test", .subject_name = "workload"};
};

class RecorderEventsTest : public RecorderTest, public testing::WithParamInterface<bool> {
 protected:
  void SetUp() override {
    RecorderTest::SetUp();
    options_.every_call = GetParam();
  }
};
INSTANTIATE_TEST_SUITE_P(Events, RecorderEventsTest, testing::Bool(),
                         [](const auto& param) { return param.param ? "all" : "first"; });

TEST_P(RecorderEventsTest, CountsARareCallExactly) {
  const Recording recording = Record({"calls", absl::StrCat(Native("sched_rr_get_interval").nr, ":23")});
  EXPECT_EQ(Count(recording, Native("sched_rr_get_interval")), 23u);
  ExpectNoLoss(recording);
  const Observation observation = Trace(recording).calls.at(Native("sched_rr_get_interval"));
  ASSERT_TRUE(observation.first_seen.has_value());
  EXPECT_GE(*observation.first_seen, recording.runs[0].start);
  EXPECT_LE(*observation.first_seen, recording.runs[0].end);
}

TEST_P(RecorderEventsTest, CountsAMillionCallsOfSixteenProcesses) {
  const Recording recording = Record({"storm", "16", "62500"});
  EXPECT_EQ(Count(recording, Native("getpid")), 1'000'000u);
  ExpectNoLoss(recording);
  EXPECT_TRUE(recording.complete());
  const auto& timeline = Trace(recording).timeline;
  EXPECT_EQ(timeline.has_value(), GetParam());
  if (timeline) {
    uint64_t calls = 0;
    uint64_t in_timeline = 0;
    for (const auto& [id, observation] : Trace(recording).calls) calls += observation.count;
    for (const uint64_t count : timeline->counts) in_timeline += count;
    EXPECT_EQ(in_timeline, calls);
  }
}

TEST_F(RecorderTest, TellsEachFirstSightingOnce) {
  auto source = BpfEventSource::Create({});
  ASSERT_TRUE(source.ok()) << source.status();
  auto leaf = CgroupLeaf::Create();
  ASSERT_TRUE(leaf.ok()) << leaf.status();
  ASSERT_TRUE((*source)->FollowCgroup(leaf->directory(), BpfEventSource::CgroupKind::kPlain).ok());
  // Sixteen processes make the same call on all CPUs.
  const std::string storm = absl::StrCat(kWorkloads, "/storm");
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    (void)!read(go[0], &byte, 1);
    execl(storm.c_str(), "storm", "16", "1000", nullptr);
    _exit(1);
  }
  ASSERT_TRUE(leaf->Add(child).ok());
  ASSERT_EQ(write(go[1], "g", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EventReader events(NativeAbi(), 0);
  const auto snapshot = (*source)->Finish(events);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(events.repeated_sightings(), 0u);
  size_t counted = 0;
  for (const auto& calls : snapshot->calls) {
    counted += events.sightings().contains({calls.slot, calls.id});
  }
  EXPECT_GE(counted, 10u);
  EXPECT_EQ(counted, events.sightings().size());
}

TEST_F(RecorderTest, RecordsTheFirstAndTheLastCallOfAProgramTwoHundredTimes) {
  for (int round = 0; round < 200; ++round) {
    const Recording recording = Record({"first_last"});
    const auto& calls = Trace(recording).calls;
    ASSERT_EQ(calls.size(), 4u) << "round " << round;
    for (const char* name : {"execve", "sched_get_priority_max", "sched_get_priority_min", "exit"}) {
      ASSERT_EQ(Count(recording, Native(name)), 1u) << name << " in round " << round;
    }
  }
}

TEST_F(RecorderTest, RecordsTheFirstAndTheLastCallOfAnOrphanTwoHundredTimes) {
  for (int round = 0; round < 200; ++round) {
    const Recording recording = Record({"orphan_last"});
    for (const char* name : {"sched_get_priority_max", "sched_get_priority_min", "read", "pipe2", "clone"}) {
      ASSERT_EQ(Count(recording, Native(name)), 1u) << name << " in round " << round;
    }
    ASSERT_EQ(Count(recording, Native("exit_group")), 2u) << "round " << round;
  }
}

#if defined(__x86_64__)
TEST_P(RecorderEventsTest, RecordsCompatCallsUnderTheirOwnNames) {
  if (!HasIa32Emulation()) GTEST_SKIP() << "this kernel makes no 32-bit calls";
  // 20 is getpid on i386 and writev on x86_64.
  const Recording recording = Record({"calls", "i386:20:7"});
  EXPECT_EQ(Count(recording, {Abi::kI386, 20}), 7u);
  EXPECT_EQ(SyscallName({Abi::kI386, 20}), "getpid");
  EXPECT_EQ(Count(recording, {Abi::kX86_64, 20}), 0u);
  ExpectNoLoss(recording);
}

TEST_P(RecorderEventsTest, KeepsX32AndUnknownNumbersApart) {
  const bool ia32 = HasIa32Emulation();
  std::vector<std::string> command = {"calls", "x32:39:5", "999:3", "100000:1"};
  if (ia32) command.emplace_back("i386:600:2");
  const Recording recording = Record(command);
  EXPECT_EQ(Count(recording, {Abi::kX32, 39}), 5u);
  EXPECT_EQ(Count(recording, {Abi::kX86_64, 999}), 3u);
  EXPECT_EQ(Count(recording, {Abi::kI386, 600}), ia32 ? 2u : 0u);
  EXPECT_EQ(Count(recording, {Abi::kX86_64, 100000}), 1u);
  EXPECT_EQ(Count(recording, {Abi::kX86_64, 39}), 0u);
  ExpectNoLoss(recording);
}
#endif

// Wherever the programs are attached, no call gets by: those that this kernel lacks neither.
TEST_F(RecorderTest, SeesEveryNumber) {
  constexpr int kLast = 600;
  const auto expect_all = [&](Abi abi, std::vector<std::string> command) {
    command.push_back(std::to_string(kLast));
    const Recording recording = Record(std::move(command));
    for (int nr = 0; nr <= kLast; ++nr) {
      const SyscallId id{abi, nr};
      // The kernel makes these itself.
      if (!IsExemptFromSeccomp(id)) {
        EXPECT_GE(Count(recording, id), 1u) << DisplayName(id);
      }
    }
    ExpectNoLoss(recording);
  };
  expect_all(NativeAbi(), {"every_number"});
#if defined(__x86_64__)
  if (HasIa32Emulation()) expect_all(Abi::kI386, {"every_number", "i386"});
#endif
}

TEST_F(RecorderTest, IgnoresNegativeNumbers) {
  const Recording recording = Record({"calls", "-1:5", "-7:5"});
  for (const auto& [id, observation] : Trace(recording).calls) {
    EXPECT_GE(id.nr, 0) << DisplayName(id);
    EXPECT_LT(id.nr, 512) << DisplayName(id);
  }
  ExpectNoLoss(recording);
}

TEST_F(RecorderTest, SeesEveryShortLivedProcess) {
  const Recording recording = Record({"many_children", "5000"});
  EXPECT_EQ(Count(recording, Native("sched_get_priority_max")), 5000u);
  ExpectNoLoss(recording);
}

TEST_F(RecorderTest, FollowsADaemonToItsEnd) {
  const Recording recording = Record({"leave_daemon", "1"});
  EXPECT_EQ(Count(recording, Native("sched_get_priority_min")), 1u);
  EXPECT_EQ(recording.runs[0].command->ended_by_recorder, 0u);
}

TEST_F(RecorderTest, EndsADaemonThatOutlivesTheGracePeriod) {
  options_.grace = std::chrono::milliseconds(200);
  std::string said;
  options_.note = [&](std::string_view text) { said.append(text).append("\n"); };
  const Recording recording = Record({"leave_daemon", "600"});
  EXPECT_EQ(recording.runs[0].command->ended_by_recorder, 1u);
  EXPECT_NE(said.find("ended 1 process"), std::string::npos) << said;
  EXPECT_TRUE(recording.complete());
}

// A way to refuse a call, and what the recording must say of `count` calls that were refused so.
struct Refused {
  const char* answer;
  uint64_t count;
  int outcome;  // As Denial has it.
  int status = 0;
};

class RecorderDenialTest : public RecorderTest, public testing::WithParamInterface<Refused> {};

TEST_P(RecorderDenialTest, CountsEachOnceAndNothingElse) {
  const Refused& refused = GetParam();
  options_.track_denials = true;
  const Recording recording = Record({"sandboxed", absl::StrCat(refused.count), refused.answer}, refused.status);
  ExpectNoLoss(recording);
  const auto& denials = Trace(recording).denials;
  ASSERT_TRUE(denials.contains(Native("getppid")));
  EXPECT_EQ(denials.size(), 1u);
  ASSERT_EQ(denials.at(Native("getppid")).size(), 1u);
  EXPECT_EQ(denials.at(Native("getppid"))[0].errno_value, refused.outcome);
  EXPECT_EQ(denials.at(Native("getppid"))[0].count, refused.outcome == 0 && refused.status != 0 ? 1u : refused.count);
  EXPECT_EQ(Count(recording, Native("getppid")), 0u);
}

INSTANTIATE_TEST_SUITE_P(Answers, RecorderDenialTest,
                         testing::Values(Refused{"EACCES", 11, EACCES}, Refused{"success", 13, kDenialAnswered},
                                         Refused{"kill", 3, 0, 128 + SIGSYS}, Refused{"kill-thread", 7, 0},
                                         Refused{"trap", 17, kDenialTrapped},
                                         Refused{"trap-default", 5, 0, 128 + SIGSYS},
                                         Refused{"value", 19, kDenialAnswered},
                                         Refused{"value-zero", 23, kDenialAnswered}, Refused{"value-errno", 29, EXDEV}),
                         [](const auto& param) {
                           std::string name = param.param.answer;
                           std::erase(name, '-');
                           return name;
                         });

TEST_F(RecorderTest, SaysThatATracerTookCallsAway) {
  options_.track_denials = true;
  const Recording recording = Record({"sandboxed", "31", "skip"});
  EXPECT_TRUE(Trace(recording).denials.empty());
  EXPECT_EQ(Count(recording, Native("getppid")), 0u);
  ASSERT_EQ(recording.losses.size(), 1u);
  EXPECT_EQ(recording.losses[0].what, "denial_without_number");
  EXPECT_EQ(recording.losses[0].count, 31u);
}

TEST_F(RecorderTest, TakesNoForkExecOrSignalUnderAFilterForARefusal) {
  options_.track_denials = true;
  // All that this shell starts is under the filter, which refuses another call.
  const std::string busy =
      "trap : USR1; for i in 1 2 3 4 5 6 7 8 9 10 11; do (kill -USR1 $$; ls / | wc -l; exec true) & done; wait; wait; "
      "exit 0";
  const Recording recording = Record({"sandboxed", "1", "EACCES", "/bin/sh", "-c", busy});
  ExpectNoLoss(recording);
  const auto& denials = Trace(recording).denials;
  for (const auto& [id, outcomes] : denials) EXPECT_TRUE(id == Native("getppid")) << DisplayName(id);
}

TEST_F(RecorderTest, TellsNoDenialsWhereThereAreNone) {
  options_.track_denials = true;
  const Recording recording = Record({"/bin/sh", "-c", "ls / | wc -l; cat /nonexistent; kill -9 $$"}, 128 + 9);
  EXPECT_TRUE(Trace(recording).denials.empty());
}

TEST_F(RecorderTest, KeepsOutItsOwnSetUpAndItsNeighbours) {
  // Neighbours make a rare call all the time while the workload runs.
  std::atomic<bool> stop = false;
  std::thread neighbour([&] {
    while (!stop) syscall(SYS_sched_rr_get_interval, 0, nullptr);
  });
  const Recording recording = Record({"first_last"});
  stop = true;
  neighbour.join();
  EXPECT_EQ(Trace(recording).calls.size(), 4u);
  EXPECT_TRUE(Trace(recording).runtime_calls.empty());
  ASSERT_EQ(recording.programs.size(), 1u);
  EXPECT_EQ(recording.programs[0].path, std::filesystem::canonical(absl::StrCat(kWorkloads, "/first_last")).string());
}

TEST_F(RecorderTest, AttributesCallsToPrograms) {
  const std::string calls = absl::StrCat(kWorkloads, "/calls");
  const Recording recording =
      Record({"/bin/sh", "-c", absl::StrCat(calls, " ", Native("sched_rr_get_interval").nr, ":3; exit 0")});
  const Observation observation = Trace(recording).calls.at(Native("sched_rr_get_interval"));
  ASSERT_EQ(observation.programs.size(), 1u);
  const auto& [program, count] = *observation.programs.begin();
  EXPECT_EQ(recording.programs[program].path, std::filesystem::canonical(calls).string());
  EXPECT_EQ(count, 3u);
}

// Programs that come, run and are deleted one after the other, on a filesystem that gives the next one the same inode
// number.
class RecorderInodeTest : public RecorderTest, public testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    RecorderTest::SetUp();
    if (IsSkipped()) return;
    std::string name =
        absl::StrCat(GetParam() == std::string("tmpfs") ? "/dev/shm" : "/tmp", "/syscarve-inodes-XXXXXX");
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    base_ = folder_ = name;
    if (GetParam() != std::string("overlay")) return;
    for (const char* part : {"lower", "upper", "work", "all"})
      std::filesystem::create_directory(absl::StrCat(base_, "/", part));
    folder_ = base_ + "/all";
    const std::string options =
        absl::StrCat("lowerdir=", base_, "/lower,upperdir=", base_, "/upper,workdir=", base_, "/work");
    ASSERT_EQ(mount("overlay", folder_.c_str(), "overlay", 0, options.c_str()), 0) << strerror(errno);
  }
  void TearDown() override {
    if (folder_ != base_) umount(folder_.c_str());
    if (!base_.empty()) std::filesystem::remove_all(base_);
  }

  std::string base_;
  std::string folder_;
};
INSTANTIATE_TEST_SUITE_P(Filesystems, RecorderInodeTest, testing::Values("plain", "tmpfs", "overlay"));

TEST_P(RecorderInodeTest, KeepsProgramsApartThatHadOneNumberAfterAnother) {
  const int rare = Native("sched_rr_get_interval").nr;
  const std::vector<uint64_t> counts = {2, 3, 5, 7, 11, 13, 17, 19};
  std::string script = absl::StrCat("cd ", folder_, " || exit 1; ");
  for (const uint64_t count : counts) {
    absl::StrAppend(&script, "cp ", kWorkloads, "/calls p", count, "; ./p", count, " ", rare, ":", count, "; rm p",
                    count, "; ");
  }
  const Recording recording = Record({"/bin/sh", "-c", script + "exit 0"});
  ExpectNoLoss(recording);
  std::map<std::string, uint64_t> seen;
  const Observation observation = Trace(recording).calls.at(Native("sched_rr_get_interval"));
  for (const auto& [program, count] : observation.programs) {
    seen[recording.programs[program].path] += count;
  }
  std::map<std::string, uint64_t> expected;
  for (const uint64_t count : counts) expected[absl::StrCat(folder_, "/p", count)] = count;
  EXPECT_EQ(seen, expected);
}

TEST_F(RecorderTest, TellsDeepProgramsApartAndSaysThatTheirPathsAreCut) {
  const int rare = Native("sched_rr_get_interval").nr;
  std::string base = "/tmp/syscarve-deep-XXXXXX";
  ASSERT_NE(mkdtemp(base.data()), nullptr);
  std::string script;
  for (const uint64_t count : {5, 7}) {
    const std::string folder = absl::StrCat(base, "/", count, [] {
      std::string deep;
      for (int i = 0; i < 60; ++i) deep += "/d";
      return deep;
    }());
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(absl::StrCat(kWorkloads, "/calls"), folder + "/calls");
    absl::StrAppend(&script, folder, "/calls ", rare, ":", count, "; ");
  }
  const Recording recording = Record({"/bin/sh", "-c", script + "exit 0"});
  std::filesystem::remove_all(base);
  std::set<std::string> labels;
  const Observation observation = Trace(recording).calls.at(Native("sched_rr_get_interval"));
  for (const auto& [program, count] : observation.programs) {
    EXPECT_TRUE(PathIsCut(recording.programs[program]));
    labels.insert(ProgramLabel(recording.programs[program]));
  }
  EXPECT_EQ(labels.size(), 2u);
}

TEST_F(RecorderTest, KeepsHostileProgramNames) {
  const std::string name = std::string("/tmp/sc-\x1b[31m\xff\n") + std::to_string(getpid());
  std::filesystem::copy_file(absl::StrCat(kWorkloads, "/first_last"), name);
  const Recording recording = Record({name});
  std::filesystem::remove(name);
  ASSERT_EQ(recording.programs.size(), 1u);
  EXPECT_EQ(recording.programs[0].path, name);
}

TEST_F(RecorderTest, SeesCapabilityChecks) {
  if (ProbeBpfRecording()->capability_source == "none") GTEST_SKIP() << "no attach point for capability checks";
  const Recording recording = Record({"first_last"});
  // mknod of a device needs CAP_MKNOD and nothing grants it without.
  const std::string device = absl::StrCat("/tmp/sc-device-", getpid());
  const Recording made = Record({"/bin/mknod", device, "c", "1", "3"});
  std::filesystem::remove(device);
  const auto& capabilities = Trace(made).capabilities;
  constexpr int kCapMknod = 27;
  ASSERT_TRUE(capabilities.contains(kCapMknod));
  const CapabilityUse& use = capabilities.at(kCapMknod);
  uint64_t granted = 0;
  for (const auto& [during, checks] : use.during) {
    ASSERT_TRUE(during.has_value());
    EXPECT_TRUE(SyscallName(*during) == "mknodat" || SyscallName(*during) == "mknod") << DisplayName(*during);
    granted += checks.granted;
  }
  EXPECT_EQ(granted, 1u);
  EXPECT_FALSE(Trace(recording).capabilities.contains(kCapMknod));
}

TEST_F(RecorderTest, TwoRecordersAtOnceSeeTheirOwn) {
  const pid_t child = fork();
  if (child == 0) {
    const Recording recording = Record({"calls", absl::StrCat(Native("sched_get_priority_min").nr, ":20000")});
    _exit(Count(recording, Native("sched_get_priority_min")) == 20000 &&
                  Count(recording, Native("sched_get_priority_max")) == 0
              ? 0
              : 1);
  }
  const Recording recording = Record({"calls", absl::StrCat(Native("sched_get_priority_max").nr, ":20000")});
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(Count(recording, Native("sched_get_priority_max")), 20000u);
  EXPECT_EQ(Count(recording, Native("sched_get_priority_min")), 0u);
}

TEST_F(RecorderTest, RecordsAnExistingProcessAndItsChildren) {
  // A shell that, once told, starts a workload and ends.
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  const std::string script =
      absl::StrCat("read line; ", kWorkloads, "/calls ", Native("sched_rr_get_interval").nr, ":9");
  const pid_t shell = fork();
  if (shell == 0) {
    dup2(go[0], 0);
    close(go[0]);
    close(go[1]);
    execl("/bin/sh", "sh", "-c", script.c_str(), nullptr);
    _exit(1);
  }
  close(go[0]);
  options_.note = [&](std::string_view text) {
    // Armed: let it go on.
    if (text.starts_with("recording")) (void)!write(go[1], "\n", 1);
  };
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok());
  const auto outcome = RecordProcessWithBpf(shell, options_, *signals);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  waitpid(shell, nullptr, 0);
  close(go[1]);
  EXPECT_EQ(Count(outcome->recording, Native("sched_rr_get_interval")), 9u);
  ExpectOnlyTheStartMissing(outcome->recording);
}

TEST_F(RecorderTest, RecordsAnExistingCgroupAndThoseBelowIt) {
  auto leaf = CgroupLeaf::Create();
  ASSERT_TRUE(leaf.ok()) << leaf.status();
  const std::string below = leaf->directory() + "/below";
  ASSERT_EQ(mkdir(below.c_str(), 0755), 0);
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  const std::string calls = absl::StrCat(kWorkloads, "/calls");
  const std::string argument = absl::StrCat(Native("sched_rr_get_interval").nr, ":9");
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    (void)!read(go[0], &byte, 1);
    execl(calls.c_str(), "calls", argument.c_str(), nullptr);
    _exit(1);
  }
  const std::string pid = absl::StrCat(child);
  const int procs = open((below + "/cgroup.procs").c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_GE(procs, 0);
  ASSERT_GT(write(procs, pid.data(), pid.size()), 0);
  close(procs);
  options_.note = [&](std::string_view text) {
    if (text.starts_with("recording")) (void)!write(go[1], "g", 1);
  };
  auto signals = SignalForwarder::Create();
  ASSERT_TRUE(signals.ok());
  const auto outcome = RecordCgroupWithBpf(leaf->path(), options_, *signals);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  waitpid(child, nullptr, 0);
  EXPECT_EQ(Count(outcome->recording, Native("sched_rr_get_interval")), 9u);
  ExpectOnlyTheStartMissing(outcome->recording);
}

// A move to a cgroup shows in a task before the kernel tells of it: what the task calls in between is its set-up as
// well.
TEST_F(RecorderTest, TakesNoCallOfAMovingChildForTheProgramsOwn) {
  constexpr pid_t kNobody = (1 << 22) - 1;
  auto source = BpfEventSource::Create({});
  ASSERT_TRUE(source.ok()) << source.status();
  auto leaf = CgroupLeaf::Create();
  ASSERT_TRUE(leaf.ok()) << leaf.status();
  const auto subject = (*source)->FollowCgroup(leaf->directory(), BpfEventSource::CgroupKind::kPlain);
  ASSERT_TRUE(subject.ok()) << subject.status();
  ASSERT_TRUE((*source)->MarkChildren().ok());
  // Nothing that was looked at stays remembered, so that every call is looked at anew. Where this thread loses its CPU
  // in the middle of that, the kernel skips the programs that perf and ftrace would call there, so that forks and moves
  // are not told now and then.
  std::atomic<bool> stop = false;
  std::thread forgetting([&] {
    while (!stop) EXPECT_TRUE((*source)->FollowProcess(kNobody, *subject).ok());
  });
  for (int round = 0; round < 300; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      while (true) syscall(SYS_getppid);
    }
    EXPECT_TRUE(leaf->Add(child).ok());
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  stop = true;
  forgetting.join();
  EventReader events(NativeAbi(), 0);
  const auto snapshot = (*source)->Finish(events);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  for (const KernelSlot& slot : snapshot->slots) EXPECT_NE(slot.phase, Phase::kMain) << slot.program.path;
}

// What is told of a fork or a move can fail to reach us: then the kernel has skipped our program, and counted that. The
// child itself shows whose it is.
TEST_F(RecorderTest, TakesNoCallOfAChildThatItWasNotToldOfForTheProgramsOwn) {
  auto leaf = CgroupLeaf::Create();
  ASSERT_TRUE(leaf.ok()) << leaf.status();
  const std::string program = absl::StrCat(kWorkloads, "/first_last");
  int go[2];
  ASSERT_EQ(pipe(go), 0);
  // Forked and moved before there is anybody to be told.
  const pid_t child = fork();
  if (child == 0) {
    fcntl(go[0], F_SETFL, O_NONBLOCK);
    char byte;
    while (read(go[0], &byte, 1) != 1) syscall(SYS_getppid);
    execl(program.c_str(), "first_last", nullptr);
    _exit(1);
  }
  ASSERT_TRUE(leaf->Add(child).ok());
  auto source = BpfEventSource::Create({});
  ASSERT_TRUE(source.ok()) << source.status();
  ASSERT_TRUE((*source)->MarkChildren().ok());
  const auto subject = (*source)->FollowCgroup(leaf->directory(), BpfEventSource::CgroupKind::kPlain);
  ASSERT_TRUE(subject.ok()) << subject.status();
  usleep(100'000);
  ASSERT_EQ(write(go[1], "g", 1), 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  close(go[0]);
  close(go[1]);
  EventReader events(NativeAbi(), 0);
  const auto snapshot = (*source)->Finish(events);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  std::map<uint32_t, Phase> phases;
  for (const KernelSlot& slot : snapshot->slots) phases[slot.number] = slot.phase;
  std::map<int, uint64_t> own;
  uint64_t set_up = 0;
  for (const auto& calls : snapshot->calls) {
    if (phases.at(calls.slot) == Phase::kMain) {
      own[calls.id.nr] += calls.count;
    } else if (calls.id == Native("getppid")) {
      set_up += calls.count;
    }
  }
  EXPECT_GT(set_up, 0u);
  const std::map<int, uint64_t> expected = {{Native("execve").nr, 1},
                                            {Native("sched_get_priority_max").nr, 1},
                                            {Native("sched_get_priority_min").nr, 1},
                                            {Native("exit").nr, 1}};
  EXPECT_EQ(own, expected);
}

TEST_F(RecorderTest, LeavesNoCgroupBehind) {
  const auto mount = FindCgroup2Mount();
  ASSERT_TRUE(mount.ok());
  Record({"first_last"});
  for (const auto& entry : std::filesystem::recursive_directory_iterator(*mount)) {
    EXPECT_EQ(entry.path().filename().string().find(absl::StrCat("syscarve.", getpid(), ".")), std::string::npos)
        << entry.path();
  }
}

}  // namespace
}  // namespace syscarve
