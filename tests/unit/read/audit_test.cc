// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/audit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "userspace/model/recording_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/recording_reader.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {
namespace {

// A line as the kernel logs it.
std::string Line(std::string_view fields) {
  return "[ 4547.328553] audit: type=1326 audit(1795512116.608:58): auid=4294967295 uid=0 gid=0 ses=4294967295 "
         "pid=14842 "
         "comm=\"web\" exe=\"/usr/bin/web\" " +
         std::string(fields) + "\n";
}

Recording ReadLog(std::string_view text, Abi native = Abi::kX86_64) {
  const auto recording = ReadAudit(text, native);
  EXPECT_TRUE(recording.ok()) << recording.status();
  if (!recording.ok()) return {};
  const auto again = ParseRecording(FormatRecording(*recording));
  EXPECT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *recording);
  EXPECT_FALSE(recording->complete());
  return *recording;
}

// "openat", or "ptrace!0" for a denial with errno 0.
std::set<std::string> AuditCalls(const Recording& recording) {
  std::set<std::string> calls;
  const SubjectTrace trace = recording.runs.at(0).subjects.at(0);
  for (const auto& [id, seen] : trace.calls) calls.insert(DisplayName(id));
  for (const auto& [id, denials] : trace.denials) {
    for (const Denial& denial : denials) calls.insert(DisplayName(id) + "!" + std::to_string(denial.errno_value));
  }
  return calls;
}

std::set<std::string> AuditLosses(const Recording& recording) {
  std::set<std::string> words;
  for (const Loss& loss : recording.losses) words.insert(loss.what);
  return words;
}

// As auditd writes it with log_format=ENRICHED, with `separator` where its byte was.
std::string Pasted(std::string_view separator) {
  return "type=SECCOMP msg=audit(1700000000.101:11): auid=4294967295 uid=0 pid=2345 comm=\"a\" exe=\"/srv/a\" sig=0 "
         "arch=c000003e syscall=257 compat=0 ip=0x7f code=0x7ffc0000" +
         std::string(separator) + "AUID=\"unset\" UID=\"root\" GID=\"root\" ARCH=x86_64 SYSCALL=openat\n";
}

std::string Numbers(std::string_view bytes) {
  std::string numbers;
  for (const char byte : bytes) {
    numbers += (numbers.empty() ? "" : ",") + std::to_string(static_cast<unsigned char>(byte));
  }
  return numbers;
}

struct LineCase {
  std::string text;
  std::set<std::string> calls;
  std::set<std::string> losses;  // Beside the one that all have.
};

class AuditLineTest : public testing::TestWithParam<LineCase> {};

TEST_P(AuditLineTest, IsWhatItSays) {
  const Recording recording = ReadLog(GetParam().text);
  EXPECT_EQ(AuditCalls(recording), GetParam().calls);
  std::set<std::string> losses = GetParam().losses;
  losses.insert("unreliable_log");
  EXPECT_EQ(AuditLosses(recording), losses);
  EXPECT_TRUE(LooksLikeAudit(GetParam().text));
}

INSTANTIATE_TEST_SUITE_P(
    All, AuditLineTest,
    testing::Values(
        LineCase{Line("sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000"), {"socket"}, {}},
        LineCase{Line("sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7fff0000"), {"socket"}, {}},
        LineCase{Line("sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ff00000"), {"socket"}, {}},
        LineCase{Line("sig=0 arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7fc00000"), {"socket"}, {}},
        LineCase{Line("sig=31 arch=c000003e syscall=101 compat=0 ip=0x7f code=0x0"), {"ptrace!0"}, {}},
        LineCase{Line("sig=31 arch=c000003e syscall=101 compat=0 ip=0x7f code=0x80000000"), {"ptrace!0"}, {}},
        LineCase{Line("sig=31 arch=c000003e syscall=101 compat=0 ip=0x7f code=0x30000"), {"ptrace!-1"}, {}},
        LineCase{
            Line("sig=0 arch=c000003e syscall=101 compat=0 ip=0x7f code=0x50000"), {"ptrace!1"}, {"unknown_errno"}},
        LineCase{Line("sig=0 arch=c000003e syscall=101 compat=0 ip=0x7f code=0x50026"), {"ptrace!38"}, {}},
        LineCase{Line("sig=0 arch=40000003 syscall=20 compat=1 ip=0x7f code=0x7ffc0000"), {"getpid:i386"}, {}},
        LineCase{Line("sig=0 arch=c000003e syscall=1073741863 compat=0 ip=0x7f code=0x7ffc0000"), {"getpid:x32"}, {}},
        LineCase{Line("sig=0 arch=c000003e syscall=999 compat=0 ip=0x7f code=0x7ffc0000"), {"#999"}, {}},
        LineCase{"type=SECCOMP msg=audit(1700000000.123:456): auid=1000 uid=1000 pid=1 comm=\"a\" exe=\"/a\" sig=0 "
                 "arch=c000003e syscall=41 compat=0 ip=0x7f code=0x7ffc0000\x1d"
                 "ARCH=x86_64 SYSCALL=socket\r\n",
                 {"socket"},
                 {}},
        LineCase{"type=SECCOMP msg=audit(11/24/2026 12:00:00.123:456) : auid=root pid=1 comm=a exe=/usr/bin/a sig=SIG0 "
                 "arch=x86_64 syscall=socket compat=0 ip=0x7f code=log\n",
                 {"socket"},
                 {}},
        LineCase{"type=SYSCALL arch=c000003e syscall=1\n" + Line("arch=c000003e syscall=0 code=0x7ffc0000") + "junk\n",
                 {"read"},
                 {}},
        // A name cannot speak for the kernel.
        LineCase{
            "type=1326 audit(1.2:3): pid=1 comm=\"a arch=40000003 syscall=1\" exe=\"/x code=0x0\" sig=0 arch=c000003e "
            "syscall=0 code=0x7ffc0000\n",
            {"read"},
            {}},
        LineCase{Line("arch=c000003e syscall=0 code=0x7ffc0000") + Line("arch=c00000b7 code=0x7ffc0000") +
                     Line("syscall=1 code=0x7ffc0000") + Line("arch=c000003e syscall=-1 code=0x7ffc0000") +
                     Line("arch=c000003e syscall=1 code=zero") + "type=1326",
                 {"read"},
                 {"unreadable_line"}},
        LineCase{Line("arch=c0000abc syscall=1 code=0x7ffc0000"), {}, {"unknown_abi"}},
        // auditd's words behind the fields, and what pasting and syslog make of the byte between them.
        LineCase{Pasted(""), {"openat"}, {}}, LineCase{Pasted("\x1d"), {"openat"}, {}},
        LineCase{Pasted("#035"), {"openat"}, {}}, LineCase{Pasted("^]"), {"openat"}, {}},
        LineCase{Pasted(" "), {"openat"}, {}}, LineCase{Pasted("ff, and much more "), {}, {"unreadable_line"}},
        // The journal, as text and as JSON; bytes that are no text are numbers there.
        LineCase{
            "Mar 03 10:00:01 node1 audit[2345]: SECCOMP auid=0 uid=0 pid=1 comm=\"a\" exe=\"/a\" sig=0 arch=c000003e "
            "syscall=257 compat=0 ip=0x7f code=0x7ffc0000\n",
            {"openat"},
            {}},
        LineCase{
            R"({"_TRANSPORT": "kernel", "MESSAGE": "audit: type=1326 audit(1.2:3): auid=0 pid=1 comm=\"a\" exe=\"/a\" )"
            R"(sig=0 arch=c000003e syscall=257 compat=0 ip=0x7f code=0x7ffc0000"})",
            {"openat"},
            {}},
        LineCase{"{\n\t\"PRIORITY\" : \"4\",\n\t\"MESSAGE\" : \"SECCOMP auid=0 pid=1 exe=\\\"/a\\\" arch=c000003e "
                 "syscall=257 "
                 "code=0x7ffc0000\",\n\t\"_PID\" : \"1\"\n}\n",
                 {"openat"},
                 {}},
        LineCase{R"({"_AUDIT_TYPE_NAME":"SECCOMP","MESSAGE":[)" +
                     Numbers("SECCOMP auid=0 arch=c000003e syscall=257 "
                             "code=0x7ffc0000\x1d"
                             "AUID=\"root\"") +
                     "]}",
                 {"openat"},
                 {}},
        // The operator's log enricher, by two versions of its logger.
        LineCase{
            R"(I0623 12:51:45.2 1 enricher.go:446] log-enricher "msg"="audit"  "container"="web" "executable"="/bin/a" )"
            R"("namespace"="default" "pid"=19 "pod"="p" "syscallID"=3 "syscallName"="close" "type"="seccomp")",
            {"close"},
            {}},
        LineCase{
            R"(I1024 10:00:00.0 1 enricher.go:400] "audit" type="seccomp" container="web" executable="/bin/a" pid=1 )"
            R"(syscallID=20 syscallName="getpid")",
            {"getpid:i386"},
            {}},
        LineCase{R"("type"="seccomp" "syscallID"=20 "syscallName"="close")", {}, {"unknown_name"}},
        LineCase{"type=SECCOMP msg=audit(1.2:3) : auid=unset arch=x86_64 syscall=unknown-syscall(999) code=log\n",
                 {"#999"},
                 {}},
        // A program's name in a record of another type.
        LineCase{"type=SYSCALL arch=c000003e syscall=1 comm=\"type=1326\" exe=\"/a\"\n" +
                     Line("arch=c000003e syscall=0 code=0x7ffc0000"),
                 {"read"},
                 {}}));

TEST(AuditTest, CallsBelongToPrograms) {
  const Recording recording = ReadLog(
      "type=1326 audit(1.2:3): pid=1 comm=\"a\" exe=\"/usr/bin/a\" sig=0 arch=c000003e syscall=0 code=0x7ffc0000\n"
      "type=1326 audit(1.2:4): pid=2 comm=2F62 exe=2F746D702F61206202 sig=0 arch=c000003e syscall=0 code=0x7ffc0000\n"
      "type=1326 audit(1.2:5): pid=3 comm=\"c\" exe=(null) sig=31 arch=c000003e syscall=0 code=0x0\n");
  ASSERT_EQ(recording.programs.size(), 3u);
  EXPECT_EQ(recording.programs[0].path, "/usr/bin/a");
  EXPECT_EQ(recording.programs[1].path, "/tmp/a b\x02");
  EXPECT_EQ(recording.programs[2].path, "");
  EXPECT_EQ(recording.subjects[0].name, "a");
  const SubjectTrace trace = recording.runs[0].subjects.at(0);
  EXPECT_EQ(trace.calls.at({Abi::kX86_64, 0}).programs, (std::map<ProgramId, uint64_t>{{0, 1}, {1, 1}}));
  EXPECT_EQ(trace.denials.at({Abi::kX86_64, 0})[0].programs, (std::map<ProgramId, uint64_t>{{2, 1}}));
}

TEST(AuditTest, TheMachineIsWhoseCallsTheyAre) {
  EXPECT_EQ(ReadLog(Line("arch=c00000b7 syscall=0 code=0x7ffc0000")).host.native_abi, Abi::kAarch64);
  EXPECT_EQ(ReadLog(Line("arch=40000003 syscall=0 code=0x7ffc0000")).host.native_abi, Abi::kX86_64);
  EXPECT_EQ(ReadLog(Line("arch=40000028 syscall=0 code=0x7ffc0000"), Abi::kAarch64).host.native_abi, Abi::kAarch64);
  const auto mixed = ReadAudit(
      Line("arch=c00000b7 syscall=0 code=0x7ffc0000") + Line("arch=40000003 syscall=0 code=0x7ffc0000"), Abi::kX86_64);
  EXPECT_EQ(mixed.status().code(), absl::StatusCode::kInvalidArgument);
}

// The two records of one call of socket(2), as auditd writes them; the second is what a rule of audit adds.
std::string Socket(std::string_view event, std::string_view registers, std::string_view arch = "c000003e",
                   int number = 41) {
  const std::string call = " arch=" + std::string(arch) + " syscall=" + std::to_string(number);
  return "type=SECCOMP msg=audit(" + std::string(event) + "): auid=0 uid=0 pid=7 comm=\"a\" exe=\"/srv/a\" sig=0" +
         call + " compat=0 ip=0x7f code=0x7ffc0000\n" + "type=SYSCALL msg=audit(" + std::string(event) + "):" + call +
         " success=yes exit=3 " + std::string(registers) + " items=0 ppid=1 pid=7 comm=\"a\" exe=\"/srv/a\"\n";
}

std::optional<SeenArguments> ArgumentsIn(const std::string& log, SyscallId id = {Abi::kX86_64, 41}) {
  return ReadLog(log).runs.at(0).subjects.at(0).calls.at(id).arguments;
}

TEST(AuditArgumentsTest, TheRecordOfTheSameEventHasThem) {
  const auto seen = ArgumentsIn(Socket("1700000000.101:11", "a0=2 a1=80001 a2=0 a3=7ffd0") +
                                Socket("1700000000.101:12", "a0=11 a1=3 a2=300 a3=0"));
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->indexes, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(seen->values,
            (std::map<std::vector<uint64_t>, std::set<ProgramId>>{{{2, 0x80001, 0}, {0}}, {{17, 3, 0x300}, {0}}}));
  EXPECT_FALSE(seen->open);
  EXPECT_FALSE(seen->dirty);
}

TEST(AuditArgumentsTest, TheyMayComeFirstAndByNumber) {
  const std::string log = Socket("1.1:1", "a0=1 a1=1 a2=0 a3=0");
  const size_t second = log.find("type=SYSCALL");
  std::string swapped = log.substr(second) + log.substr(0, second);
  EXPECT_EQ(ArgumentsIn(swapped), ArgumentsIn(log));
  EXPECT_EQ(ArgumentsIn(swapped.replace(0, std::string_view("type=SYSCALL msg=").size(), "audit: type=1300 ")),
            ArgumentsIn(log));
}

TEST(AuditArgumentsTest, ACallOnceWithoutTheRecordIsOpen) {
  const std::string known = Socket("1.1:1", "a0=1 a1=1 a2=0 a3=0");
  const std::string seccomp = known.substr(0, known.find("type=SYSCALL"));
  std::string other = seccomp;
  other.replace(other.find("1.1:1"), 5, "1.1:2");
  for (const std::string& log : {known + other, other + known}) EXPECT_TRUE(ArgumentsIn(log)->open) << log;
  EXPECT_FALSE(ArgumentsIn(seccomp).has_value()) << "nothing is known";
  const std::string pasted = Line("arch=c000003e syscall=41 code=0x7ffc0000");
  EXPECT_TRUE(ArgumentsIn(known + pasted)->open);
}

TEST(AuditArgumentsTest, WhatIsNotOfTheEventOrNotInDigitsIsNotTaken) {
  for (const std::string& log :
       {Socket("1.1:1", "a0=local a1=SOCK_STREAM a2=ip a3=0x0"), Socket("1.1:1", "a0=1 a1=1 a2=0"), Socket("", "a0=1"),
        Socket("1.1:1", "a0=1 a1=1 a2=0 a3=0") + Socket("1.1:1", "a0=2 a1=1 a2=0 a3=0"),
        Line("arch=c000003e syscall=41 code=0x7ffc0000") +
            "type=SYSCALL msg=audit(1795512116.608:58): arch=c000003e syscall=39 a0=1 a1=1 a2=0 a3=0\n"}) {
    EXPECT_FALSE(ArgumentsIn(log).has_value()) << log;
  }
}

TEST(AuditArgumentsTest, UpperHalvesAreCutAndSaid) {
  const auto seen = ArgumentsIn(Socket("1.1:1", "a0=100000002 a1=1 a2=0 a3=0"));
  ASSERT_TRUE(seen.has_value());
  EXPECT_EQ(seen->values.begin()->first, (std::vector<uint64_t>{2, 1, 0}));
  EXPECT_TRUE(seen->dirty);
  EXPECT_FALSE(ArgumentsIn(Socket("1.1:1", "a0=ffffffffffffffff a1=1 a2=0 a3=0"))->dirty) << "-1";
}

TEST(AuditArgumentsTest, AFloodOfValuesLeavesTheCallOpen) {
  std::string log;
  for (size_t i = 0; i <= kMaxRecordedValues; ++i) {
    log += Socket("1.1:" + std::to_string(i), "a0=2 a1=1 a2=" + std::to_string(i) + " a3=0");
  }
  EXPECT_TRUE(ArgumentsIn(log)->open);
}

TEST(AuditArgumentsTest, InMemoryIsNotInRegisters) {
  const SyscallId clone3 = FindSyscall(Abi::kX86_64, "clone3").value();
  EXPECT_FALSE(ArgumentsIn(Socket("1.1:1", "a0=7f00 a1=58 a2=0 a3=0", "c000003e", clone3.nr), clone3).has_value());
}

TEST(AuditTest, WithoutALineThereIsNoRecording) {
  for (const char* text : {"", "\n", "type=SYSCALL arch=c000003e syscall=1\n"}) {
    EXPECT_EQ(ReadAudit(text, Abi::kX86_64).status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_FALSE(LooksLikeAudit(text)) << text;
  }
}

TEST(AuditTest, TheReaderTellsTheFormats) {
  const std::string audit = Line("arch=c000003e syscall=0 code=0x7ffc0000");
  EXPECT_EQ(ReadRecordingText(audit, Abi::kX86_64).value().method.backend, "audit");
  EXPECT_EQ(ReadRecordingText("brk(NULL) = 0\n", Abi::kX86_64).value().method.backend, "strace");
  // What a traced program writes is not what the log is.
  EXPECT_EQ(ReadRecordingText("write(1, \"type=1326\", 9) = 9\n", Abi::kX86_64).value().method.backend, "strace");
  EXPECT_FALSE(ReadRecordingText("{}", Abi::kX86_64).ok());
  const std::string table =
      "% time     seconds  usecs/call     calls    errors syscall\n 61.20    0.000612           6       102         4 "
      "brk\n";
  EXPECT_EQ(ReadRecordingText(table, Abi::kX86_64).value().losses.at(0).what, "summary_only");
  const Recording recording = ReadRecordingText(audit, Abi::kX86_64).value();
  EXPECT_EQ(ReadRecordingText(FormatRecording(recording), Abi::kAarch64).value(), recording);
}

// A recorded program chooses its name, and it may be what another format is recognised by.
TEST(AuditTest, NamesInARecordingAreNoFormat) {
  for (const char* name : {"/type=1326", "/SECCOMP auid=", "_AUDIT_TYPE_NAME", "\n% time "}) {
    Recording recording = ReadLog(Line("arch=c000003e syscall=0 code=0x7ffc0000"));
    recording.programs.at(0).path = name;
    recording.subjects.at(0).name = name;
    const auto read = ReadRecordingText(FormatRecording(recording), Abi::kX86_64);
    ASSERT_TRUE(read.ok()) << name << ": " << read.status();
    EXPECT_EQ(*read, recording);
  }
}

TEST(AuditTest, WhatIsNoRecordingIsToldWhatIsRead) {
  const std::string perf = "     0.000 ( 0.004 ms): importer/1234 openat(dfd: CWD, filename: \"/etc/hosts\") = 3\n";
  for (const std::string& text : {std::string("hello\n"), perf, std::string()}) {
    const std::string message(ReadRecordingText(text, Abi::kX86_64).status().message());
    EXPECT_NE(message.find("strace -f"), std::string::npos) << message;
    EXPECT_EQ(message.find("byte"), std::string::npos) << message;
    EXPECT_EQ(message.find("perf trace") != std::string::npos, text == perf) << message;
  }
}

TEST(AuditTest, SaysWhichLinesItCouldNotRead) {
  std::string text;
  for (int i = 0; i < 14; ++i)
    text += Line("arch=c000003e syscall=0 code=0x7ffc0000") + "junk\n" + Line("arch=c000003e");
  const Recording recording = ReadLog(text);
  const auto loss = std::ranges::find(recording.losses, "unreadable_line", &Loss::what);
  ASSERT_NE(loss, recording.losses.end());
  EXPECT_EQ(loss->count, 14u);
  EXPECT_EQ(loss->detail,
            "Lines of the log could not be read. Lines 3, 6, 9, 12, 15, 18, 21, 24, 27, 30 and later ones.");
}

}  // namespace
}  // namespace syscarve
