// SPDX-License-Identifier: Apache-2.0
#include "userspace/trace/supervisor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "userspace/model/recording_json.h"
#include "userspace/process/process_tree.h"
#include "userspace/trace/notify_recorder.h"

namespace syscarve {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const SyscallId kGetppid{NativeAbi(), SYS_getppid};
const SyscallId kExecve{NativeAbi(), SYS_execve};

// Counts what it is told and answers what the test wants.
class FakeHandler : public NotificationHandler {
 public:
  std::function<Response(const Notification&)> decide = [](const Notification&) { return Response{}; };
  std::map<SyscallId, uint64_t> counts;
  std::vector<std::string> starts;  // The program of each delivery that started the command.

  Response Decide(const Notification& notification) override { return decide(notification); }
  void Delivered(const Notification& notification, const Response&) override {
    if (notification.id.has_value()) ++counts[*notification.id];
    if (notification.starts_command) starts.push_back(notification.program.path);
  }
};

// Returns `response` for getppid and lets everything else through.
auto ForGetppid(Response response) {
  return [response](const Notification& notification) { return notification.id == kGetppid ? response : Response{}; };
}

class SupervisorTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const absl::Status probe = ProbeUserNotification(); !probe.ok()) {
      GTEST_SKIP() << "this kernel has no seccomp user notification: " << probe;
    }
    auto signals = SignalForwarder::Create();
    ASSERT_TRUE(signals.ok()) << signals.status();
    signals_.emplace(*std::move(signals));
  }

  void TearDown() override {
    EXPECT_TRUE(FindDescendants(getpid()).empty()) << "a process was left behind";
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left behind";
  }

  static Command Subject(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), SUPERVISOR_SUBJECT);
    return *ResolveCommand(std::move(arguments), std::nullopt);
  }

  SuperviseOutcome Run(const Command& command, seconds grace = seconds(20)) {
    auto outcome = Supervise(command, NotifyEveryCall(), handler_, *signals_, {.grace = grace});
    EXPECT_TRUE(outcome.ok()) << outcome.status();
    return outcome.ok() ? *outcome : SuperviseOutcome{.status = -1};
  }

  FakeHandler handler_;
  std::optional<SignalForwarder> signals_;
};

TEST_F(SupervisorTest, CountsExactly) {
  const SuperviseOutcome outcome = Run(Subject({"getppid", "23"}));
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.exec_error, 0);
  EXPECT_EQ(outcome.ended, 0u);
  EXPECT_TRUE(outcome.complete.ok()) << outcome.complete;
  EXPECT_EQ(handler_.counts[kGetppid], 23u);
}

TEST_F(SupervisorTest, TheStartIsOneExecveOfTheNewProgram) {
  Run(Subject({"exit", "0"}));
  EXPECT_EQ(handler_.counts[kExecve], 1u);
  EXPECT_EQ(handler_.starts, (std::vector<std::string>{std::filesystem::canonical(SUPERVISOR_SUBJECT)}));
  // Nothing of the set-up is the command's.
  for (const long number : {SYS_setresuid, SYS_seccomp, SYS_rt_sigaction}) {
    EXPECT_EQ(handler_.counts.count({NativeAbi(), static_cast<int>(number)}), 0u) << number;
  }
}

TEST_F(SupervisorTest, AScriptWithoutInterpreterStartsOnce) {
  const std::string script = testing::TempDir() + "/supervisor_test_script";
  std::ofstream(script) << "exit 5\n";
  chmod(script.c_str(), 0755);
  EXPECT_EQ(Run(*ResolveCommand({script}, std::nullopt)).status, 5);
  std::filesystem::remove(script);
  EXPECT_EQ(handler_.counts[kExecve], 1u);
  EXPECT_EQ(handler_.starts, (std::vector<std::string>{std::filesystem::canonical("/bin/sh")}));
}

TEST_F(SupervisorTest, ReportsAFailedExec) {
  const std::string script = testing::TempDir() + "/supervisor_test_bad_interpreter";
  std::ofstream(script) << "#!/no/such/interpreter\n";
  chmod(script.c_str(), 0755);
  const SuperviseOutcome outcome = Run(*ResolveCommand({script}, std::nullopt));
  std::filesystem::remove(script);
  EXPECT_EQ(outcome.exec_error, ENOENT);
  EXPECT_TRUE(handler_.counts.empty());
  EXPECT_FALSE(outcome.start_refused);
}

TEST_F(SupervisorTest, ReturnsTheCommandsStatus) {
  EXPECT_EQ(Run(Subject({"exit", "42"})).status, 42);
  EXPECT_EQ(Run(Subject({"raise", std::to_string(SIGTERM)})).status, 128 + SIGTERM);
  EXPECT_EQ(Run(Subject({"raise", std::to_string(SIGKILL)})).status, 128 + SIGKILL);
}

TEST_F(SupervisorTest, SeesEveryShortLivedChild) {
  EXPECT_EQ(Run(Subject({"short-lived", "500"})).status, 0);
  EXPECT_EQ(handler_.counts[kGetppid], 500u);
}

TEST_F(SupervisorTest, SeesEveryThread) {
  EXPECT_EQ(Run(Subject({"threads", "800"})).status, 0);
  EXPECT_EQ(handler_.counts[kGetppid], 800u);
}

TEST_F(SupervisorTest, ServesAParentThatVforkSuspends) {
  EXPECT_EQ(Run(Subject({"vfork"})).status, 0);
  EXPECT_EQ(handler_.counts[kExecve], 2u);
}

TEST_F(SupervisorTest, CountsACallOnceUnderASignalStorm) {
  EXPECT_EQ(Run(Subject({"signal-storm"})).status, 0);
  EXPECT_EQ(handler_.counts[kGetppid], 2000u);
}

TEST_F(SupervisorTest, CountsCallsThatASignalStoppedBeforeTheyWereMade) {
  const SuperviseOutcome outcome = Run(Subject({"signal-storm-eintr"}));
  EXPECT_EQ(outcome.status, 0);
  const uint64_t stopped = 2000 - handler_.counts[kGetppid];
  EXPECT_GE(outcome.interrupted, stopped);
  // The call that stops the timer may be among them, more than once.
  EXPECT_LE(outcome.interrupted, stopped + 20);
}

TEST_F(SupervisorTest, FollowsAnOrphanToItsEnd) {
  const SuperviseOutcome outcome = Run(Subject({"orphan"}));
  EXPECT_EQ(outcome.status, 3);
  EXPECT_EQ(outcome.ended, 0u);
  EXPECT_EQ((handler_.counts[{NativeAbi(), SYS_getpgid}]), 1u);
}

TEST_F(SupervisorTest, EndsWhatOutlivesTheGracePeriod) {
  const SuperviseOutcome outcome = Run(Subject({"stubborn"}), seconds(0));
  EXPECT_EQ(outcome.status, 4);
  EXPECT_EQ(outcome.ended, 1u);
  EXPECT_EQ(outcome.left, 0u);
  EXPECT_TRUE(outcome.complete.ok()) << outcome.complete;
}

TEST_F(SupervisorTest, NamesACompatCallByItsAbi) {
  if (NativeAbi() != Abi::kX86_64) GTEST_SKIP() << "int $0x80 is x86's";
  const SuperviseOutcome outcome = Run(Subject({"compat"}));
  if (outcome.status == 128 + SIGSEGV) GTEST_SKIP() << "this kernel has no IA32 emulation";
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ((handler_.counts[{Abi::kI386, 20}]), 1u);
  EXPECT_EQ((handler_.counts.count({Abi::kX86_64, 20})), 0u);  // writev, had the ABI been ignored.
}

TEST_F(SupervisorTest, AnswersWithAnErrno) {
  handler_.decide = ForGetppid({.kind = Response::Kind::kFail, .errno_value = EXDEV});
  EXPECT_EQ(Run(Subject({"getppid-result"})).status, EXDEV);
  handler_.decide = ForGetppid({.kind = Response::Kind::kFail, .errno_value = 0});
  EXPECT_EQ(Run(Subject({"getppid-result"})).status, 0);
  EXPECT_EQ(handler_.counts[kGetppid], 2u);
}

TEST_F(SupervisorTest, KillsAsTheKernelWould) {
  handler_.decide = ForGetppid({.kind = Response::Kind::kKill});
  EXPECT_EQ(Run(Subject({"getppid", "2"})).status, 128 + SIGSYS);
  EXPECT_EQ(handler_.counts[kGetppid], 1u);
  // Nothing the process does about SIGSYS saves it.
  EXPECT_EQ(Run(Subject({"trap"})).status, 128 + SIGSYS);
  EXPECT_EQ(Run(Subject({"block-sigsys"})).status, 128 + SIGSYS);
  EXPECT_EQ(Run(Subject({"threads", "80"})).status, 128 + SIGSYS);
}

TEST_F(SupervisorTest, AShellSeesItsChildDieOfSigsys) {
  handler_.decide = ForGetppid({.kind = Response::Kind::kKill});
  const std::string script = std::string(SUPERVISOR_SUBJECT) + " getppid 1; exit $?";
  handler_.decide = [](const Notification& notification) {
    const bool ours = notification.program.path == std::filesystem::canonical(SUPERVISOR_SUBJECT);
    return notification.id == kGetppid && ours ? Response{.kind = Response::Kind::kKill} : Response{};
  };
  EXPECT_EQ(Run(*ResolveCommand({"sh", "-c", script}, std::nullopt)).status, 128 + SIGSYS);
}

TEST_F(SupervisorTest, ATrapMeetsItsHandler) {
  handler_.decide = ForGetppid({.kind = Response::Kind::kTrap});
  EXPECT_EQ(Run(Subject({"trap"})).status, 0);
  EXPECT_EQ(Run(Subject({"getppid", "2"})).status, 128 + SIGSYS);
  EXPECT_EQ(handler_.counts[kGetppid], 2u);
}

TEST_F(SupervisorTest, TheCommandsOwnExecveMayBeRefused) {
  handler_.decide = [](const Notification& notification) {
    return notification.starts_command ? Response{.kind = Response::Kind::kFail, .errno_value = EPERM} : Response{};
  };
  const SuperviseOutcome outcome = Run(Subject({"exit", "0"}));
  EXPECT_TRUE(outcome.start_refused);
  EXPECT_EQ(outcome.exec_error, EPERM);
  EXPECT_EQ(handler_.counts[kExecve], 1u);
}

TEST_F(SupervisorTest, DescriptorsThatWereClosedStayClosed) {
  const int saved_out = dup(STDOUT_FILENO);
  close(STDOUT_FILENO);
  const SuperviseOutcome outcome = Run(Subject({"closed"}));
  dup2(saved_out, STDOUT_FILENO);
  close(saved_out);
  EXPECT_EQ(outcome.status, 0);
}

TEST_F(SupervisorTest, PassesSignalsOnAndOutlivesThem) {
  const pid_t self = getpid();
  handler_.decide = [self, sent = false](const Notification& notification) mutable {
    if (notification.id == SyscallId{NativeAbi(), SYS_pause} && !sent) {
      sent = true;
      kill(self, SIGTERM);
    }
    return Response{};
  };
  // Perl's sleep without an argument is pause(2).
  EXPECT_EQ(Run(*ResolveCommand({"perl", "-e", "sleep"}, std::nullopt)).status, 128 + SIGTERM);
}

TEST_F(SupervisorTest, RefusesASecondSupervisorInTheSameTree) {
  // The test binary supervises itself once more, with only this test's inner half.
  if (std::getenv("SUPERVISOR_TEST_INNER") != nullptr) {
    const auto outcome = Supervise(Subject({"exit", "0"}), NotifyEveryCall(), handler_, *signals_, {});
    ASSERT_FALSE(outcome.ok());
    EXPECT_EQ(outcome.status().code(), absl::StatusCode::kFailedPrecondition) << outcome.status();
    return;
  }
  Command inner = *ResolveCommand(
      {"/proc/self/exe", "--gtest_filter=SupervisorTest.RefusesASecondSupervisorInTheSameTree"}, std::nullopt);
  inner.path = std::filesystem::canonical("/proc/self/exe");
  inner.environment.push_back("SUPERVISOR_TEST_INNER=1");
  EXPECT_EQ(Run(inner).status, 0);
}

TEST_F(SupervisorTest, RecordsARun) {
  const auto outcome =
      RecordByNotification(Subject({"getppid", "23"}), {.run_name = "smoke", .subject_name = "subject"}, *signals_);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  EXPECT_TRUE(outcome->execution.ok());
  EXPECT_EQ(outcome->command_status, 0);
  const Recording& recording = outcome->recording;
  EXPECT_EQ(recording.method.backend, "notify");
  EXPECT_TRUE(recording.complete());
  ASSERT_EQ(recording.runs.size(), 1u);
  const auto& run = recording.runs[0];
  EXPECT_EQ(run.id.size(), 32u);
  EXPECT_EQ(run.name, "smoke");
  const Observation& getppid = run.subjects.at(0).calls.at(kGetppid);
  EXPECT_EQ(getppid.count, 23u);
  ASSERT_TRUE(getppid.first_seen.has_value());
  EXPECT_GE(*getppid.first_seen, run.start);
  EXPECT_LE(*getppid.first_seen, run.end);
  EXPECT_EQ(run.command, (CommandEnd{.status = 0, .ended_by_recorder = 0}));
  const auto parsed = ParseRecording(FormatRecording(recording));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, recording);
  ASSERT_EQ(recording.programs.size(), 1u);
  EXPECT_EQ(recording.programs[0].path, std::filesystem::canonical(SUPERVISOR_SUBJECT));
}

TEST_F(SupervisorTest, SaysThatASetUserIdProgramRanWithoutIt) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to become an ordinary user";
  const std::string program = testing::TempDir() + "/supervisor_test_setuid";
  std::filesystem::copy_file(SUPERVISOR_SUBJECT, program, std::filesystem::copy_options::overwrite_existing);
  chmod(program.c_str(), 04755);
  std::vector<std::string> notes;
  const auto outcome =
      RecordByNotification(*ResolveCommand({program, "exit", "0"}, *ResolveIdentity("nobody")),
                           {.note = [&](std::string_view note) { notes.emplace_back(note); }}, *signals_);
  std::filesystem::remove(program);
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find(program), std::string::npos) << notes[0];
}

TEST(NotifyUnlessAllowedTest, KeepsOnlyPlainAllows) {
  const std::vector<sock_filter> filter = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 39, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 40, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 41, 0, 1),
      BPF_STMT(BPF_RET | BPF_A, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const std::vector<sock_filter> changed = NotifyUnlessAllowed(filter);
  ASSERT_EQ(changed.size(), filter.size());
  for (size_t i = 0; i < filter.size(); ++i) {
    const bool notifies = i == 4 || i == 6 || i == 7;
    EXPECT_EQ(changed[i].code, notifies ? BPF_RET | BPF_K : filter[i].code) << i;
    EXPECT_EQ(changed[i].k, notifies ? SECCOMP_RET_USER_NOTIF : filter[i].k) << i;
    EXPECT_EQ(changed[i].jt, filter[i].jt) << i;
  }
}

}  // namespace
}  // namespace syscarve
