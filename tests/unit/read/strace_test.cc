// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/strace.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "userspace/model/recording_json.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

Recording ReadTrace(std::string_view text, Abi native = Abi::kX86_64) {
  const auto recording = ReadStrace(text, native);
  EXPECT_TRUE(recording.ok()) << recording.status();
  if (!recording.ok()) return {};
  const auto again = ParseRecording(FormatRecording(*recording));
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *recording);
  return *recording;
}

// "openat 2, getpid:i386 1 in sh", by program where there are several.
std::map<std::string, std::map<std::string, uint64_t>> StraceCalls(const Recording& recording) {
  std::map<std::string, std::map<std::string, uint64_t>> calls;
  const Run run = recording.runs.at(0);
  for (const auto& [id, seen] : run.subjects.at(0).calls) {
    const std::string name = SyscallName(id).value_or("#" + std::to_string(id.nr));
    for (const auto& [program, count] : seen.programs) {
      calls[recording.programs.at(program).path]
           [name + (id.abi == Abi::kX86_64 ? "" : ":" + std::string(AbiName(id.abi)))] = count;
    }
  }
  return calls;
}

std::set<std::string> StraceLosses(const Recording& recording) {
  std::set<std::string> words;
  for (const Loss& loss : recording.losses) words.insert(loss.what);
  return words;
}

using ByProgram = std::map<std::string, std::map<std::string, uint64_t>>;

TEST(StraceTest, FollowsProgramsThroughForkAndExec) {
  const Recording recording = ReadTrace(R"(100 execve("/bin/sh", ["sh", "-c", "ls"], 0x7ffd /* 3 vars */) = 0
100 brk(NULL) = 0x5581
100 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
101 getpid( <unfinished ...>
100 <... clone resumed>, child_tidptr=0x7f) = 101
101 <... getpid resumed>) = 101
101 execve("/bin/ls", ["ls"], 0x55 /* 3 vars */ <unfinished ...>
100 wait4(-1,  <unfinished ...>
101 <... execve resumed>) = 0
101 brk(NULL) = 0x5582
101 exit_group(0) = ?
101 +++ exited with 0 +++
100 <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 101
100 --- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=101} ---
100 execve("/bin/missing", ["missing"], 0x55 /* 3 vars */) = -1 ENOENT (No such file or directory)
100 vfork() = 102
102 execve("/bin/a\"b\\\n\x1b", ["a"], 0x55 /* 3 vars */) = 0
102 +++ killed by SIGKILL +++
100 exit_group(3) = ?
100 +++ exited with 3 +++
)");
  EXPECT_EQ(
      StraceCalls(recording),
      (ByProgram{
          {"/bin/sh",
           {{"execve", 4}, {"brk", 1}, {"clone", 1}, {"getpid", 1}, {"wait4", 1}, {"vfork", 1}, {"exit_group", 1}}},
          {"/bin/ls", {{"brk", 1}, {"exit_group", 1}}}}));
  EXPECT_EQ(StraceLosses(recording), std::set<std::string>());
  EXPECT_TRUE(recording.complete());
  EXPECT_EQ(recording.subjects.at(0).name, "sh");
  EXPECT_EQ(recording.runs.at(0).command, (CommandEnd{.status = 3}));
  EXPECT_EQ(recording.host.native_abi, Abi::kX86_64);
  EXPECT_EQ(recording.method.backend, "strace");
}

TEST(StraceTest, AProgramsPathIsUnescaped) {
  const Recording recording =
      ReadTrace("execve(\"/bin/a\\\"b\\\\\\n\\x1b\\1012\\tz\", [\"a\"], 0x55) = 0\nexit(0) = ?\n");
  ASSERT_EQ(recording.programs.size(), 1u);
  EXPECT_EQ(recording.programs[0].path,
            "/bin/a\"b\\\n\x1b"
            "A2\tz");
}

// One line in every dress that strace's options give it.
TEST(StraceTest, EveryDressOfALineIsTheSameCall) {
  for (const std::string_view line : {
           "getppid() = 1",
           "getppid()                         = 1",
           "12:24:11 getppid() = 1",
           "12:24:11.481543 getppid() = 1 <0.000047>",
           "1795523051.481543 getppid() = 1",
           "     0.000123 getppid() = 1",
           "12:24:11 (+     0.000162) getppid() = 1",
           "[ 110] getppid() = 1",
           "[00007fa342eefd07] getppid() = 1",
           "12:24:11 (+     0.000162) [ 110] [00007fa342eefd07] getppid() = 0x1 <0.000111>",
           "[pid    10] getppid() = 1",
           "[pid 10<sh>] getppid() = 1",
           "10    getppid() = 1",
           "10<my prog> getppid() = 1",
           "10 1795523051.481543 [ 110] getppid() = 1\r",
           "getppid( <unfinished ...>",
           "<... getppid resumed>) = 1",
           "getppid( <detached ...>",
           "getppid() = ?",
           "getppid() = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
           "getppid() = -1 ENOSYS (Function not implemented)",
       }) {
    const Recording recording = ReadTrace(line);
    ASSERT_EQ(recording.runs.size(), 1u) << line;
    EXPECT_EQ(StraceCalls(recording), (ByProgram{{"", {{"getppid", 1}}}})) << line;
    EXPECT_FALSE(StraceLosses(recording).contains("unreadable_line")) << line;
    EXPECT_TRUE(LooksLikeStrace(line)) << line;
  }
}

struct LossCase {
  std::string text;
  std::set<std::string> losses;
};

class StraceLossTest : public testing::TestWithParam<LossCase> {};

TEST_P(StraceLossTest, IsNamed) {
  const Recording recording = ReadTrace(GetParam().text);
  EXPECT_EQ(StraceLosses(recording), GetParam().losses);
  EXPECT_EQ(recording.complete(), GetParam().losses.empty());
}

const std::string kStart = "execve(\"/bin/a\", [\"a\"], 0x7ff) = 0\n";
const std::string kEnd = "exit_group(0) = ?\n+++ exited with 0 +++\n";

INSTANTIATE_TEST_SUITE_P(
    All, StraceLossTest,
    testing::Values(
        LossCase{kStart + kEnd, {}},
        // Quiet about ends (-qq); killed; a stopped process; a stack; a table.
        LossCase{kStart + "exit_group(0) = ?\n", {}},
        LossCase{kStart + "+++ killed by SIGSEGV (core dumped) +++\n", {}},
        LossCase{kStart + "--- stopped by SIGSTOP ---\n > /lib/libc.so.6(read+0x10) [0x10]\n" + kEnd, {}},
        LossCase{kStart + kEnd +
                     "% time     seconds  usecs/call     calls    errors syscall\n"
                     "------ ----------- ----------- --------- --------- ----------------\n"
                     "100.00    0.000000           0         1           total\n",
                 {}},
        LossCase{kStart + "strace: Process 3 attached\n[pid 3] exit(0) = ?\n[pid 3] +++ exited with 0 +++\n" + kEnd,
                 {}},
        LossCase{"read(0, \"\", 1) = 0\n" + kEnd, {"started_before"}},
        LossCase{"strace: Process 10 attached\nrestart_syscall(<... resuming interrupted read ...>) = 0\n" + kEnd,
                 {"started_before"}},
        LossCase{kStart + "pause() = ?\n", {"recorder_stopped"}},
        LossCase{kStart + "strace: Process 10 detached\n <detached ...>\n", {"recorder_stopped", "unreadable_line"}},
        LossCase{kStart + "pause( <detached ...>\n", {"recorder_stopped"}},
        LossCase{kStart + "+++ exited with 0 +++\n", {"filtered_log"}},
        LossCase{kStart + "Hello, world\n" + kEnd, {"unreadable_line"}},
        LossCase{kStart +
                     "?"
                     "?"
                     "?"
                     "?( <unfinished ...>\n" +
                     kEnd,
                 {"unreadable_line"}},
        LossCase{kStart + "nosuchcall() = 0\n" + kEnd, {"unknown_name"}},
        LossCase{kStart + "mmap2(NULL, 1) = 0\n" + kEnd, {"unclear_abi"}},
        // What a program wrote between the beginning and the end of a call's line.
        LossCase{kStart + "write(2, \"a\\nb\\n\", 4a\nb\n)           = 4\n" + kEnd, {}},
        LossCase{kStart +
                     "clone(flags=SIGCHLDstrace: Process 7 attached\n, child_tidptr=0x7f) = 7\n[pid 7] exit(0) = ?\n"
                     "[pid 7] +++ exited with 0 +++\n" +
                     kEnd,
                 {}},
        LossCase{kStart + "write(1, \"x\", 1) = 1\nx\n" + kEnd, {"unreadable_line"}}));

TEST(StraceTest, SaysWhichLinesItCouldNotRead) {
  const Recording recording = ReadTrace(kStart +
                                        "?"
                                        "?"
                                        "?( <unfinished ...>\n<... ?"
                                        "?"
                                        "? resumed>) = ?\n" +
                                        kEnd + "junk\n");
  ASSERT_EQ(recording.losses.size(), 1u);
  EXPECT_EQ(recording.losses[0].detail, "Lines of the log could not be read. Lines 2, 3, 6.");
}

TEST(StraceTest, NumbersWithoutANameAreHexOrDecimal) {
  const Recording recording = ReadTrace(kStart + "syscall_435(0, 0) = -1\nsyscall_0x1b3(0) = -1\n" + kEnd);
  EXPECT_EQ(StraceCalls(recording)["/bin/a"]["clone3"], 2u);
  EXPECT_TRUE(LooksLikeStrace("syscall_435(0) = -1\n"));
}

// Called by its path, strace puts that in front of what it says itself.
TEST(StraceTest, StraceMaySpeakByItsPath) {
  const std::string path = "/usr/bin/";
  EXPECT_TRUE(
      StraceLosses(ReadTrace(kStart + path +
                             "strace: Process 3 attached\n[pid 3] exit(0) = ?\n[pid 3] +++ exited with 0 +++\n" + path +
                             "strace: [ Process PID=3 runs in 64 bit mode. ]\n" + kEnd))
          .empty());
  EXPECT_TRUE(StraceLosses(ReadTrace(kStart + "clone(flags=SIGCHLD" + path +
                                     "strace: Process 7 attached\n, child_tidptr=0x7f) = 7\n[pid 7] exit(0) = ?\n"
                                     "[pid 7] +++ exited with 0 +++\n" +
                                     kEnd))
                  .empty());
}

TEST(StraceTest, ModesAndNumbersTellTheAbi) {
  const Recording modes = ReadTrace(kStart +
                                    "[ Process PID=10 runs in 32 bit mode. ]\ngetpid() = 10\n"
                                    "accept(3, NULL, NULL) = -1 EBADF\n"
                                    "[ Process PID=10 runs in x32 mode. ]\ngetpid() = -1\nsyscall_0x1d7() = -1\n"
                                    "strace: [ Process PID=10 runs in 64 bit mode. ]\ngetpid() = 10\n" +
                                    kEnd);
  EXPECT_EQ(StraceCalls(modes), (ByProgram{{"/bin/a",
                                            {{"execve", 1},
                                             {"getpid", 1},
                                             {"getpid:i386", 1},
                                             {"socketcall:i386", 1},
                                             {"getpid:x32", 1},
                                             {"#471:x32", 1},
                                             {"exit_group", 1}}}}));
  EXPECT_TRUE(modes.complete());
  const Recording numbers =
      ReadTrace("[  59] " + kStart + "[  20] getpid() = 10\n[  39] getpid() = 10\n[ 231] " + kEnd);
  EXPECT_EQ(StraceCalls(numbers),
            (ByProgram{{"/bin/a", {{"execve", 1}, {"getpid", 1}, {"getpid:i386", 1}, {"exit_group", 1}}}}));
}

TEST(StraceTest, UnknownNumbersStayNumbers) {
  const Recording recording = ReadTrace(
      kStart + "syscall_0x3e7(0x1, 0x2) = -1 ENOSYS\nsyscall_0x40000027() = -1\nsyscall_0xffffffffffffffff() = -1\n" +
      kEnd);
  EXPECT_EQ(StraceCalls(recording),
            (ByProgram{{"/bin/a", {{"execve", 1}, {"#999", 1}, {"getpid:x32", 1}, {"exit_group", 1}}}}));
  EXPECT_TRUE(recording.complete());
}

TEST(StraceTest, AnExecOfAnotherThreadTakesTheLeadersNumber) {
  const Recording recording = ReadTrace(R"(10 execve("/bin/a", ["a"], 0x7ff) = 0
10 clone3({flags=CLONE_THREAD}, 88) = 11
11 execve("/bin/b", ["b"], 0x7ff <pid changed to 10 ...>
10 +++ superseded by execve in pid 11 +++
10 <... execve resumed>) = 0
10 getuid() = 0
10 exit_group(0) = ?
10 +++ exited with 0 +++
)");
  EXPECT_EQ(StraceCalls(recording),
            (ByProgram{{"/bin/a", {{"execve", 2}, {"clone3", 1}}}, {"/bin/b", {{"getuid", 1}, {"exit_group", 1}}}}));
  EXPECT_TRUE(recording.complete());
}

TEST(StraceTest, TheNamelessProcessGetsItsNumberWhenThereAreOthers) {
  const Recording recording = ReadTrace(kStart + R"(clone(flags=SIGCHLDstrace: Process 11 attached
 <unfinished ...>
[pid    11] getuid( <unfinished ...>
[pid    10] <... clone resumed>) = 11
[pid    11] <... getuid resumed>) = 0
[pid    10] exit_group(0) = ?
[pid    10] +++ exited with 0 +++
getgid() = 0
exit_group(0) = ?
+++ exited with 0 +++
)");
  EXPECT_EQ(StraceCalls(recording),
            (ByProgram{{"/bin/a", {{"execve", 1}, {"clone", 1}, {"getuid", 1}, {"getgid", 1}, {"exit_group", 2}}}}));
  EXPECT_TRUE(recording.complete());
}

TEST(StraceTest, ArmsNamesAreArms) {
  const Recording recording =
      ReadTrace(kStart + "[ Process PID=10 runs in 32 bit mode. ]\ngetpid() = 10\n" + kEnd, Abi::kAarch64);
  EXPECT_EQ(recording.host.native_abi, Abi::kAarch64);
  EXPECT_EQ(StraceCalls(recording).at("/bin/a").count("getpid:arm"), 1u);
}

TEST(StraceTest, TheSameLogIsTheSameRun) {
  EXPECT_EQ(ReadTrace(kStart + kEnd), ReadTrace(kStart + kEnd));
  EXPECT_NE(ReadTrace(kStart + kEnd).runs[0].id, ReadTrace(kStart + "brk(NULL) = 0\n" + kEnd).runs[0].id);
}

TEST(StraceTest, WithoutACallThereIsNoRecording) {
  for (const char* text : {"", "\n", "+++ exited with 0 +++\n", "hello\n", "strace: Process 1 attached\n"}) {
    EXPECT_EQ(ReadStrace(text, Abi::kX86_64).status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_FALSE(LooksLikeStrace(text)) << text;
  }
  EXPECT_FALSE(LooksLikeStrace("{\n  \"schema\": \"syscarve.recording/2\",\n"));
  EXPECT_FALSE(LooksLikeStrace("main(argc, argv)\nprintf(\"x\")\n"));
}

TEST(StraceTest, AChangedByteIsReadOrRefused) {
  const std::string text =
      "[pid 10] 12:24:11 (+ 0.1) [  59] [00007f] execve(\"/bin/\\x41\", [\"a\"], 0x7) = 0\n"
      "clone(flags=1strace: Process 11 attached\n, x) = 11\n"
      "11<a> <... read resumed>) = 0\n[ Process PID=10 runs in 32 bit mode. ]\n+++ exited with 0 +++\n"
      "+++ superseded by execve in pid 11 +++\n% time \n total\n";
  for (size_t place = 0; place < text.size(); ++place) {
    for (const int change : {0x01, 0x10, 0x20, 0x80}) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ change);
      const auto recording = ReadStrace(changed, Abi::kX86_64);
      if (recording.ok()) {
        ASSERT_TRUE(ParseRecording(FormatRecording(*recording)).ok()) << place;
      }
    }
  }
}

}  // namespace
}  // namespace syscarve
