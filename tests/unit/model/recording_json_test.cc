// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fstream>

#include "tests/unit/effort.h"
#include "tests/unit/model/full_recording.h"
#include "tests/unit/policy/random_recordings.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/recording_words.h"

namespace syscarve {
namespace {

std::string ReadSourceFile(const std::string& name) {
  std::ifstream file(std::string(SYSCARVE_SOURCE_DIR) + "/" + name);
  EXPECT_TRUE(file.is_open()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t place = text.find(from);
  EXPECT_NE(place, std::string::npos) << from;
  return place == std::string::npos ? text : text.replace(place, from.size(), to);
}

std::string RecordingErrorOf(std::string_view text) {
  return std::string(ParseRecording(text).status().message());
}

// A small valid recording with one call, for cases that change one place of it.
constexpr std::string_view kSmall = R"({
  "schema": "syscarve.recording/5",
  "host": {"kernel": "6.18.44", "native_abi": "x86_64", "libseccomp": "2.5.4"},
  "method": {"backend": "bpf", "events": "first", "capabilities": "none", "denials": "none"},
  "complete": {"complete": true, "losses": []},
  "programs": [{"id": 0, "path": "/bin/sh", "device": 46, "inode": 17}],
  "subjects": [{"id": 0, "kind": "command", "name": "sh", "cgroup": ""}],
  "runs": [
    {
      "id": "00112233445566778899aabbccddeeff",
      "name": "",
      "start": 1,
      "end": 2,
      "subjects": [
        {
          "subject": 0,
          "calls": [{"abi": "x86_64", "nr": 257, "name": "openat", "count": 23, "first_seen": 1, "programs": {"0": 23}}],
          "runtime_calls": [],
          "baseline_calls": [],
          "denials": [],
          "capabilities": []
        }
      ]
    }
  ]
}
)";

std::string With(std::string_view old_part, std::string_view new_part) {
  std::string text(kSmall);
  const size_t place = text.find(old_part);
  EXPECT_NE(place, std::string::npos) << old_part;
  return text.replace(place, old_part.size(), new_part);
}

TEST(RecordingJsonTest, AnEmptyRecordingRoundTrips) {
  const auto parsed = ParseRecording(FormatRecording(Recording()));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, Recording());
}

TEST(RecordingJsonTest, AFullRecordingRoundTrips) {
  const Recording full = FullRecording();
  const std::string text = FormatRecording(full);
  const auto parsed = ParseRecording(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, full);
  EXPECT_EQ(FormatRecording(*parsed), text);
  EXPECT_EQ(EscapeForTerminal(text).find("\\x"), std::string::npos) << "the file is not safe to look at";
}

TEST(RecordingJsonTest, TheFormatIsStable) {
  const std::string golden = ReadSourceFile("tests/golden/recording/full.json");
  EXPECT_EQ(FormatRecording(FullRecording()), golden);
  const auto parsed = ParseRecording(golden);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, FullRecording());
}

TEST(RecordingJsonTest, TheDocumentsExampleIsValidAndFormatted) {
  const std::string document = ReadSourceFile("docs/recording-format.md");
  constexpr std::string_view kFence = "```json\n";
  const size_t fence = document.find(kFence);
  ASSERT_NE(fence, std::string::npos);
  const size_t begin = fence + kFence.size();
  const std::string example = document.substr(begin, document.find("```", begin) - begin);
  const auto parsed = ParseRecording(example);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(FormatRecording(*parsed), example);
}

TEST(RecordingJsonTest, TheSmallRecordingIsWhatFormatWrites) {
  const auto parsed = ParseRecording(kSmall);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(FormatRecording(*parsed), kSmall);
}

TEST(RecordingJsonTest, HowProgramsWereAttachedIsKeptWhereItIsKnown) {
  constexpr std::string_view kWithout = "\"denials\": \"none\"}";
  const auto without = ParseRecording(kSmall);
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ(without->method.attach, "");
  const auto with =
      ParseRecording(Replaced(std::string(kSmall), kWithout, "\"denials\": \"none\", \"attach\": \"kprobe.multi\"}"));
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->method.attach, "kprobe.multi");
  EXPECT_EQ(ParseRecording(FormatRecording(*with))->method, with->method);
  EXPECT_EQ(FormatRecording(*without).find("\"attach\""), std::string::npos);
}

TEST(RecordingJsonTest, OrderAndSpacingDoNotMatterToTheReader) {
  const auto parsed = ParseRecording(With(
      R"({"abi": "x86_64", "nr": 257, "name": "openat", "count": 23, "first_seen": 1, "programs": {"0": 23}})",
      R"({"programs":{"0":23},"count":23,"nr":257,"abi":"x86_64"},{"abi":"x86_64","nr":0,"count":1,"programs":{"0":1}})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->runs[0].subjects.at(0).calls.size(), 2u);
}

TEST(RecordingJsonTest, ANameNewerThanThisBuildIsTaken) {
  const auto parsed = ParseRecording(With(R"("nr": 257, "name": "openat")", R"("nr": 570, "name": "from_the_future")"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->runs[0].subjects.at(0).calls.contains({Abi::kX86_64, 570}));
}

TEST(RecordingJsonTest, AWordNewerThanThisBuildIsTaken) {
  const auto parsed = ParseRecording(With(
      R"("losses": [])", R"("losses": [{"what": "newer_word", "count": 0, "missed_calls": false, "detail": ""}])"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->losses.at(0).what, "newer_word");
}

struct BadRecording {
  std::string_view old_part;
  std::string_view new_part;
  std::string_view error;  // Behind "not a valid recording: ".
};

class BadRecordingTest : public testing::TestWithParam<BadRecording> {};

TEST_P(BadRecordingTest, IsRefusedWithItsPlace) {
  const auto parsed = ParseRecording(With(GetParam().old_part, GetParam().new_part));
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(parsed.status().message()), "not a valid recording: " + std::string(GetParam().error));
}

#define CALL "runs[0].subjects[0].calls[0]"
INSTANTIATE_TEST_SUITE_P(
    All, BadRecordingTest,
    testing::Values(
        BadRecording{
            "recording/5", "recording/6",
            R"(schema: this build reads "syscarve.recording/5" and those before it from "syscarve.recording/1" on, )"
            R"(and the file is "syscarve.recording/6")"},
        BadRecording{"recording/5", "recording/1", R"(runs[0].subjects[0]: unknown field "baseline_calls")"},
        BadRecording{R"("schema": "syscarve.recording/5",)", "", R"(the field "schema" is missing)"},
        BadRecording{R"("host")", R"("hosts")", R"(unknown field "hosts")"},
        BadRecording{R"(, "libseccomp": "2.5.4")", "", R"(host: the field "libseccomp" is missing)"},
        BadRecording{R"("native_abi": "x86_64")", R"("native_abi": "amd64")",
                     R"(host.native_abi: unknown ABI "amd64")"},
        BadRecording{R"("denials": "none")", R"("denials": "none", "denials2": "none")",
                     R"(method: unknown field "denials2")"},
        BadRecording{R"("complete": true)", R"("complete": false)",
                     R"(complete.complete: does not agree with "losses")"},
        BadRecording{R"("losses": [])",
                     R"("losses": [{"what": "slots_full", "count": 1, "missed_calls": true, "detail": ""}])",
                     R"(complete.complete: does not agree with "losses")"},
        BadRecording{R"("losses": [])", R"("losses": {})", "complete.losses: expected an array, found an object"},
        BadRecording{R"({"id": 0, "path")", R"({"id": 1, "path")", "programs[0].id: expected 0, its place in the list"},
        BadRecording{
            "/bin/sh", "/bin/%41",
            "programs[0].path: not percent-encoded: \"%\" must stand before two upper-case hex digits of a byte "
            "that needs it"},
        BadRecording{R"("inode": 17)", R"("inode": -17)",
                     "programs[0].inode: expected an unsigned integer, found a negative integer"},
        BadRecording{R"("inode": 17)", R"("inode": 18446744073709551616)",
                     "programs[0].inode: expected an unsigned integer, found a number that is no 64-bit integer"},
        BadRecording{R"("kind": "command")", R"("kind": "pod")", "subjects[0].kind: unknown kind of subject"},
        BadRecording{"00112233445566778899aabbccddeeff", "00112233445566778899AABBCCDDEEFF",
                     "runs[0].id: a run's id is 32 lower-case hex digits"},
        BadRecording{"00112233445566778899aabbccddeeff", "0011", "runs[0].id: a run's id is 32 lower-case hex digits"},
        BadRecording{R"("end": 2,)", R"("end": 2, "command": {"status": 256, "ended_by_recorder": 0},)",
                     "runs[0].command.status: 256 is outside 0 to 255"},
        BadRecording{R"("subject": 0)", R"("subject": 1)", "runs[0].subjects[0].subject: no subject has this id"},
        BadRecording{R"("abi": "x86_64", "nr")", R"("abi": "alpha", "nr")", CALL ".abi: unknown ABI \"alpha\""},
        BadRecording{R"("nr": 257)", R"("nr": 1073741824)", CALL ".nr: 1073741824 is outside 0 to 1073741823"},
        BadRecording{R"("nr": 257)", R"("nr": 258)", CALL ".name: x86_64 258 is mkdirat, not \"openat\""},
        BadRecording{R"("nr": 257)", R"("nr": 570)", CALL ".name: openat is x86_64 257, not 570"},
        BadRecording{R"("nr": 257, "name": "openat")", R"("nr": 570, "name": "a b")",
                     CALL ".name: not a system call's name"},
        BadRecording{R"("count": 23)", R"("count": 22)", CALL ".programs: the counts do not add up to \"count\""},
        BadRecording{R"("count": 23)", R"("count": 0)", CALL ".count: 0 is outside 1 to 18446744073709551615"},
        BadRecording{R"("count": 23)", R"("count": "23")", CALL ".count: expected an unsigned integer, found a string"},
        BadRecording{R"({"0": 23})", R"({"1": 23})", CALL ".programs.1: no program has this id"},
        BadRecording{R"({"0": 23})", R"({"00": 23})", CALL ".programs.00: no program has this id"},
        BadRecording{R"({"0": 23})", R"({"0": 23}, "arguments": {"indexes": [6], "open": false, "values": []})",
                     CALL ".arguments.indexes[0]: 6 is outside 0 to 5"},
        BadRecording{R"({"0": 23})", R"({"0": 23}, "arguments": {"indexes": [1, 1], "open": false, "values": []})",
                     CALL ".arguments.indexes[1]: the indexes are not ascending"},
        BadRecording{R"({"0": 23})", R"({"0": 23}, "arguments": {"indexes": [], "open": false, "values": []})",
                     CALL ".arguments.indexes: expected at least one argument"},
        BadRecording{R"({"0": 23})",
                     R"({"0": 23}, "arguments": {"indexes": [0, 1], "pointed_to": true, "open": false, "values": []})",
                     CALL ".arguments.pointed_to: it is true, of one argument, or not there"},
        BadRecording{R"({"0": 23})",
                     R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "dirty": false, "values": []})",
                     CALL ".arguments.dirty: it is true, or not there"},
        BadRecording{
            R"({"0": 23})",
            R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "values": [{"are": [1, 2], "programs": [0]}]})",
            CALL ".arguments.values[0].are: not as many values as indexes"},
        BadRecording{
            R"({"0": 23})",
            R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "values": [{"are": [1], "programs": [0]},)"
            R"( {"are": [1], "programs": [0]}]})",
            CALL ".arguments.values[1].are: the values are not ascending"},
        BadRecording{
            R"({"0": 23})",
            R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "values": [{"are": [1], "programs": [7]}]})",
            CALL ".arguments.values[0].programs[0]: no program has this id"},
        BadRecording{
            R"({"0": 23})",
            R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "values": [{"are": [1], "programs": []}]})",
            CALL ".arguments.values[0].programs: no program makes a call"},
        BadRecording{R"({"0": 23})",
                     R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "values": [)"
                     R"({"are": [1], "programs": [0], "on": ["unknown"]}]})",
                     CALL ".arguments.values[0].on: no kind is known"},
        BadRecording{R"({"0": 23})",
                     R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "values": [)"
                     R"({"are": [1], "programs": [0], "on": ["tty", "tty"]}]})",
                     CALL ".arguments.values[0].on[1]: the kind is there twice"},
        BadRecording{R"({"0": 23})",
                     R"({"0": 23}, "arguments": {"indexes": [0], "open": false, "values": [)"
                     R"({"are": [1], "programs": [0], "on": ["file \u001b"]}]})",
                     CALL ".arguments.values[0].on[0]: expected a word of at most 64 printable characters"},
        BadRecording{R"("runtime_calls": [])", R"("runtime_calls": [{}])",
                     R"(runs[0].subjects[0].runtime_calls[0]: the field "abi" is missing)"},
        BadRecording{R"("baseline_calls": [])", R"("baseline_calls": [{}])",
                     R"(runs[0].subjects[0].baseline_calls[0]: the field "abi" is missing)"},
        BadRecording{R"("baseline_calls": [],)", "", R"(runs[0].subjects[0]: the field "baseline_calls" is missing)"},
        BadRecording{
            R"("kind": "command", "name": "sh", "cgroup": "")",
            R"("kind": "command", "name": "sh", "cgroup": "", "start": {"filtered": true, "no_new_privs": true})",
            "subjects[0].start: only a container has it"},
        BadRecording{R"("kind": "command", "name": "sh", "cgroup": "")",
                     R"("kind": "container", "name": "sh", "cgroup": "", "start": {"filtered": true})",
                     R"(subjects[0].start: the field "no_new_privs" is missing)"},
        BadRecording{R"("kind": "command", "name": "sh", "cgroup": "")",
                     R"("kind": "container", "name": "sh", "cgroup": "", "container": null)",
                     "subjects[0].container: expected an object, found null"},
        BadRecording{R"("denials": [],)",
                     R"("denials": [{"abi": "i386", "nr": 1, "errno": 4096, "count": 1, "programs": {"0": 1}}],)",
                     "runs[0].subjects[0].denials[0].errno: 4096 is outside 0 to 4095"},
        BadRecording{R"("denials": [],)",
                     R"("denials": [{"abi": "i386", "nr": 1, "errno": 1, "count": 2, "programs": {"0": 1}}],)",
                     "runs[0].subjects[0].denials[0].programs: the counts do not add up to \"count\""},
        BadRecording{R"("capabilities": []
)",
                     R"("capabilities": [{"capability": 0, "name": "CAP_KILL", "during": [], "foreign": {}}])",
                     "runs[0].subjects[0].capabilities[0].name: capability 0 is CAP_CHOWN, not \"CAP_KILL\""},
        BadRecording{R"("capabilities": []
)",
                     R"("capabilities": [], "timeline": {"start": 0, "bucket_nanos": 0, "counts": []})",
                     "runs[0].subjects[0].timeline.bucket_nanos: 0 is outside 1 to 18446744073709551615"}));

// What the file of the first schema says, in full.
TEST(RecordingJsonTest, TheFirstSchemaIsReadAndWrittenAsTheSecond) {
  const std::string text = ReadSourceFile("tests/golden/recording/first.json");
  const auto parsed = ParseRecording(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  Recording expected = RecordingOfThirdSchema();
  expected.subjects.resize(4);
  expected.subjects[0].container.reset();
  expected.subjects[0].start.reset();
  expected.runs.Update(0, [](auto& run) { run.subjects[0].baseline_calls.clear(); });
  EXPECT_EQ(*parsed, expected);

  const std::string written = FormatRecording(*parsed);
  EXPECT_NE(written.find(kRecordingSchema), std::string::npos);
  const auto again = ParseRecording(written);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, expected);
}

TEST(RecordingJsonTest, TheFirstSchemaHasNoFieldOfTheSecond) {
  const std::string text = ReadSourceFile("tests/golden/recording/first.json");
  const auto with = [&text](std::string_view old_part, std::string_view new_part) {
    std::string changed = text;
    const size_t place = changed.find(old_part);
    EXPECT_NE(place, std::string::npos) << old_part;
    return changed.replace(place, old_part.size(), new_part);
  };
  EXPECT_EQ(RecordingErrorOf(with(R"("cgroup": "/docker/0123456789ab")",
                                  R"("cgroup": "", "start": {"filtered": true, "no_new_privs": true})")),
            "not a valid recording: subjects[0]: unknown field \"start\"");
  EXPECT_EQ(RecordingErrorOf(with(R"("cgroup": "/docker/0123456789ab")", R"("cgroup": "", "container": {})")),
            "not a valid recording: subjects[0]: unknown field \"container\"");
  EXPECT_EQ(RecordingErrorOf(with(R"("denials": [)", R"("baseline_calls": [], "denials": [)")),
            "not a valid recording: runs[0].subjects[0]: unknown field \"baseline_calls\"");
}

TEST(RecordingJsonTest, AContainersFieldsAreStrict) {
  const std::string text = FormatRecording(FullRecording());
  const auto error = [&text](std::string_view old_part, std::string_view new_part) {
    std::string changed = text;
    const size_t place = changed.find(old_part);
    EXPECT_NE(place, std::string::npos) << old_part;
    return RecordingErrorOf(changed.replace(place, old_part.size(), new_part));
  };
  const std::string container = "not a valid recording: subjects[0].container";
  EXPECT_EQ(error(R"("user": "101:101",)", ""), container + ": the field \"user\" is missing");
  EXPECT_EQ(error(R"("user": "101:101",)", R"("user": "", "pid": 1,)"), container + ": unknown field \"pid\"");
  EXPECT_EQ(error(R"("privileged": false)", R"("privileged": "no")"),
            container + ".privileged: expected a boolean, found a string");
  EXPECT_EQ(error(R"("CAP_NET_BIND_SERVICE", "CAP_SYS_PTRACE")", R"("CAP_SYS_PTRACE", "CAP_SYS_PTRACE")"),
            container + ".cap_add[1]: the texts are not ascending");
  EXPECT_EQ(error(R"("com.docker.compose.service")", R"("100%")"),
            container + ".labels.100%: the label's name is not percent-encoded text");
  EXPECT_EQ(
      error(R"("com.docker.compose.service")", R"("com.docker.compose.project")"),
      "not a recording: line 29, column 106: the key \"com.docker.compose.project\" is there twice in one object");
  EXPECT_EQ(error(R"("version": "1.1.5")", R"("version": "1.1.5", "path": "/runc")"),
            container + ".runtime: unknown field \"path\"");
}

TEST(RecordingJsonTest, RepeatedEntriesAreRefused) {
  const std::string call =
      R"({"abi": "x86_64", "nr": 257, "name": "openat", "count": 23, "first_seen": 1, "programs": {"0": 23}})";
  EXPECT_EQ(RecordingErrorOf(With(call, call + "," + call)),
            "not a valid recording: runs[0].subjects[0].calls[1]: repeats an earlier entry");
  EXPECT_EQ(RecordingErrorOf(With(R"("count": 23)", R"("count": 23, "count": 23)")),
            "not a recording: line 17, column 81: the key \"count\" is there twice in one object");

  Recording twice = FullRecording();
  twice.runs.Update(1, [&](auto& run) { run.id = twice.runs[0].id; });
  EXPECT_EQ(RecordingErrorOf(FormatRecording(twice)), "not a valid recording: runs[1]: another run has the same id");

  Recording denied_twice = FullRecording();
  denied_twice.runs.Update(0, [](auto& run) {
    std::vector<Denial>& denials = run.subjects[0].denials.begin()->second;
    denials.push_back(denials.front());
  });
  EXPECT_EQ(RecordingErrorOf(FormatRecording(denied_twice)),
            "not a valid recording: runs[0].subjects[0].denials[2]: repeats an earlier entry");
}

TEST(RecordingJsonTest, TellsTheOutcomesOfRefusedCallsApart) {
  Recording recording = FullRecording();
  recording.runs.Update(0, [](auto& run) {
    auto& denials = run.subjects[0].denials.begin()->second;
    denials.insert(denials.begin(), {{.errno_value = kDenialAnswered, .count = 2, .programs = {{0, 2}}},
                                     {.errno_value = kDenialTrapped, .count = 1, .programs = {{1, 1}}}});
  });
  const std::string text = FormatRecording(recording);
  EXPECT_NE(text.find("\"errno\": 0, \"outcome\": \"answered\""), std::string::npos);
  EXPECT_NE(text.find("\"errno\": 0, \"outcome\": \"trapped\""), std::string::npos);
  const auto parsed = ParseRecording(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, recording);
  const auto with = [&](std::string_view errno_and_outcome) {
    return RecordingErrorOf(With("\"denials\": []", std::string("\"denials\": [{\"abi\": \"x86_64\", \"nr\": 272, ") +
                                                        std::string(errno_and_outcome) +
                                                        ", \"count\": 1, \"programs\": {\"0\": 1}}]"));
  };
  EXPECT_NE(with(R"("errno": 1, "outcome": "trapped")").find("only an errno of 0 has one"), std::string::npos);
  EXPECT_NE(with(R"("errno": 0, "outcome": "odd")").find("only an errno of 0 has one"), std::string::npos);
}

TEST(RecordingJsonTest, ASumThatWrapsAroundDoesNotAddUp) {
  Recording recording = FullRecording();
  recording.runs.Update(0, [](auto& run) {
    Observation& seen = run.subjects[0].calls.begin()->second;
    seen.programs = {{0, UINT64_MAX}, {1, 2}};
    seen.count = 1;
  });
  EXPECT_NE(RecordingErrorOf(FormatRecording(recording)).find("do not add up"), std::string::npos);
}

// What the file of the second schema says, which is a third one's without rows and shapes.
TEST(RecordingJsonTest, TheSecondSchemaIsRead) {
  const std::string text = ReadSourceFile("tests/golden/recording/second.json");
  const auto parsed = ParseRecording(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, RecordingOfThirdSchema());
  const std::string shaped = R"("rows": [], "runs": [)";
  EXPECT_EQ(RecordingErrorOf(Replaced(text, R"("runs": [)", shaped)), "not a valid recording: unknown field \"rows\"");
}

TEST(RecordingJsonTest, TheThirdSchemaIsRead) {
  const std::string text = ReadSourceFile("tests/golden/recording/third.json");
  const auto parsed = ParseRecording(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, RecordingOfThirdSchema());
  EXPECT_EQ(RecordingErrorOf(Replaced(text, R"("name": "a%00b", "cgroup": "")",
                                      R"("name": "a%00b", "cgroup": "", "life": {"start_seen": true, "ends": []})")),
            "not a valid recording: subjects[1]: unknown field \"life\"");
  EXPECT_EQ(
      RecordingErrorOf(Replaced(text, R"("cap_drop": ["CAP_ALL"])", R"("cap_drop": ["CAP_ALL"], "stop_signal": "")")),
      "not a valid recording: subjects[0].container: unknown field \"stop_signal\"");
}

// What it has of arguments was of each by itself, and nobody wrote it.
TEST(RecordingJsonTest, TheFourthSchemaIsReadWithoutArguments) {
  const auto parsed = ParseRecording(ReadSourceFile("tests/golden/recording/fourth.json"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, RecordingOfFourthSchema());
}

TEST(RecordingJsonTest, ProofsRoundTripWhereverTheyStand) {
  Recording recording = ParseRecording(kSmall).value();
  SubjectProofs& proofs = recording.proofs["sh"];
  proofs.capabilities[0] = {.verdict = ProofVerdict::kNeeded, .why = "it ends with \xff"};
  proofs.capabilities[21] = {.verdict = ProofVerdict::kUndecided, .why = "out of time"};
  proofs.calls["openat"] = {.verdict = ProofVerdict::kNotNeeded, .why = ""};
  proofs.arguments[{.call = "socket", .values = {1, 0xffffffffffffffff, 0}}] = {.verdict = ProofVerdict::kNeeded,
                                                                                .why = "exit status 1"};
  proofs.arguments[{.call = "socket", .values = {2}}] = {.verdict = ProofVerdict::kNotNeeded, .why = ""};
  const std::string text = FormatRecording(recording);
  const auto parsed = ParseRecording(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, recording);
  const size_t begin = text.find("  \"proofs\"");
  const size_t end = text.find("  \"runs\"");
  std::string last = text.substr(0, begin) + text.substr(end);
  last.insert(last.rfind("\n}"), Concat(",\n", text.substr(begin, end - begin - 2)));
  EXPECT_EQ(ParseRecording(last).value_or(Recording()), recording) << last;
}

TEST(RecordingJsonTest, WhatIsWrongWithProofsIsSaid) {
  const auto error = [](std::string_view proofs, char schema = '5') {
    std::string text = With("  \"runs\": [", Concat("  \"proofs\": [", proofs, "],\n  \"runs\": ["));
    text[text.find("recording/5") + std::string_view("recording/").size()] = schema;
    return RecordingErrorOf(text);
  };
  EXPECT_THAT(error(R"({"subject": "other", "capabilities": [], "calls": []})"),
              testing::HasSubstr("no subject has this name"));
  EXPECT_THAT(
      error(R"({"subject": "sh", "capabilities": [], "calls": [{"name": "a", "verdict": "maybe", "why": ""}]})"),
      testing::HasSubstr("unknown verdict"));
  EXPECT_THAT(
      error(
          R"({"subject": "sh", "calls": [], "capabilities": [{"capability": 0, "name": "CAP_KILL", "verdict": "needed", "why": ""}]})"),
      testing::HasSubstr("capability 0 is CAP_CHOWN"));
  constexpr char kTwice[] = R"({"name": "socket", "values": [1], "verdict": "needed", "why": ""})";
  EXPECT_THAT(
      error(Concat(R"({"subject": "sh", "capabilities": [], "calls": [], "arguments": [)", kTwice, ", ", kTwice, "]}")),
      testing::HasSubstr("repeats an earlier entry"));
  EXPECT_THAT(
      error(
          R"({"subject": "sh", "capabilities": [], "calls": [], "arguments": [{"name": "a", "values": [1, 2, 3, 4, 5, 6, 7], "verdict": "needed", "why": ""}]})"),
      testing::HasSubstr("6"));
  EXPECT_THAT(error("", '4'), testing::HasSubstr("unknown field \"proofs\""));
}

TEST(RecordingJsonTest, WhatIsWrongWithALifeIsSaid) {
  const auto error = [](std::string_view life) {
    const std::string message =
        RecordingErrorOf(With(R"("cgroup": ""})", Concat(R"("cgroup": "", "life": )", life, "}")));
    const std::string prefix = "not a valid recording: subjects[0].life";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  };
  const auto watched = [&](std::string_view from, std::string_view to) {
    std::string text =
        R"({"start_seen": true, "ends": [], "watched": {"signals": [], "catches": [], "first_catches": [], )"
        R"("first_blocks": [], "died_of": [], "joined": 0, "restarts": 0}})";
    return error(Replaced(text, from, to));
  };
  EXPECT_EQ(watched("\"joined\": 0", "\"joined\": 1"), "");
  EXPECT_EQ(error(R"({"start_seen": true, "ends": [{"how": "died"}]})"), ".ends[0].how: unknown word \"died\"");
  EXPECT_EQ(error(R"({"start_seen": true, "ends": [{"how": "exited"}]})"), ".ends[0]: the field \"status\" is missing");
  EXPECT_EQ(error(R"({"start_seen": true, "ends": [{"how": "running", "status": 0}]})"),
            ".ends[0].status: only what exited has one");
  EXPECT_EQ(error(R"({"start_seen": true, "ends": [{"how": "exited", "status": 0, "signal": "SIGHUP"}]})"),
            ".ends[0].signal: only what was killed has one");
  EXPECT_EQ(error(R"({"start_seen": true, "ends": [{"how": "killed", "signal": "HUP"}]})"),
            ".ends[0].signal: \"HUP\" is no signal");
  EXPECT_EQ(error(R"({"start_seen": true, "ends": [{"how": "running"}, {"how": "running"}]})"),
            ".ends[1]: repeats an earlier entry");
  EXPECT_EQ(watched("\"died_of\": []", R"("died_of": ["SIGTERM", "SIGHUP"])"),
            ".watched.died_of[1]: the signals are not ascending");
  EXPECT_EQ(watched("\"catches\": []", R"("catches": [{"program": 1, "signals": []}])"),
            ".watched.catches[0].program: no program has this id");
  EXPECT_EQ(watched("\"signals\": []",
                    R"("signals": [{"signal": "SIGHUP", "outcome": "x", "origin": "inside", "count": 1}])"),
            ".watched.signals[0].outcome: unknown word \"x\"");
  EXPECT_EQ(watched(", \"restarts\": 0", ""), ".watched: the field \"restarts\" is missing");
}

TEST(RecordingJsonTest, WhatIsWrongWithHardeningEvidenceIsSaid) {
  const auto error = [](std::string_view from, std::string_view to) {
    const std::string whole =
        R"({"missing": [], "files": [{"path": "/a", "kind": "regular", "uses": {"0": ["read"]}}], )"
        R"("identities": {}, "privileges": {}, "endpoints": [{"use": "bound", "family": "inet", )"
        R"("scope": "any", "type": 1, "port": 80, "programs": [0]}], )"
        R"("peaks": {"memory_sampled": false, "tasks_sampled": false}})";
    const std::string message = RecordingErrorOf(
        With(R"("cgroup": ""})", Concat(R"("cgroup": "", "hardening": )", Replaced(whole, from, to), "}")));
    const std::string prefix = "not a valid recording: subjects[0].hardening";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  };
  EXPECT_EQ(error("", ""), "");
  EXPECT_EQ(error("\"/a\"", "\"a\""), ".files[0].path: must begin with \"/\"");
  EXPECT_EQ(error("\"regular\"", "\"odd\""), ".files[0].kind: unknown word \"odd\"");
  EXPECT_EQ(error("\"regular\"", "\"block_device\""), ".files[0]: a device, and only a device, must have \"device\"");
  EXPECT_EQ(error("\"regular\"", R"("block_device", "device": [8])"),
            ".files[0].device: expected a major and a minor number");
  EXPECT_EQ(error("[\"read\"]", "[]"), ".files[0].uses.0: must not be empty");
  EXPECT_EQ(error("[\"read\"]", "[\"read\", \"read\"]"), ".files[0].uses.0[1]: repeats an earlier entry");
  EXPECT_EQ(error(R"("0": ["read"])", R"("7": ["read"])"), ".files[0].uses.7: no program has this id");
  EXPECT_EQ(error(R"("0": ["read"])", R"("00": ["read"])"), ".files[0].uses.00: no program has this id");
  EXPECT_EQ(error("\"port\": 80", "\"port\": 65536"), ".endpoints[0].port: 65536 is outside 0 to 65535");
  EXPECT_EQ(error("\"programs\": [0]", "\"programs\": [0, 0]"), ".endpoints[0].programs[1]: repeats an earlier entry");
  EXPECT_EQ(error("\"missing\": []", R"("missing": ["files", "files"])"), ".missing[1]: repeats an earlier entry");
  EXPECT_EQ(error(", \"tasks_sampled\": false", ""), ".peaks: the field \"tasks_sampled\" is missing");
}

TEST(RecordingJsonTest, EvidenceThatDoesNotSpeakOfMessagesMissesThem) {
  const auto missing = [](std::string_view messages) {
    const auto recording = ParseRecording(With(
        R"("cgroup": ""})",
        Concat(
            R"("cgroup": "", "hardening": {"missing": [], "files": [], "identities": {}, "privileges": {}, "endpoints": [], )",
            messages, R"("peaks": {"memory_sampled": false, "tasks_sampled": false}}})")));
    EXPECT_TRUE(recording.ok()) << recording.status();
    if (!recording.ok()) return std::set<std::string>{"all"};
    const std::string written = FormatRecording(*recording);
    EXPECT_EQ(written.find("\"messages\": true") == std::string::npos, messages != "\"messages\": true, ");
    EXPECT_EQ(ParseRecording(written)->subjects[0].hardening, recording->subjects[0].hardening);
    return recording->subjects.at(0).hardening.value().missing;
  };
  EXPECT_EQ(missing(""), std::set<std::string>{"messages"});
  EXPECT_EQ(missing("\"messages\": false, "), std::set<std::string>{"messages"});
  EXPECT_EQ(missing("\"messages\": true, "), std::set<std::string>());
}

constexpr RecordingLimits kDense = {.full_numbers = 0};

TEST(RecordingJsonTest, TheDenseFormIsStable) {
  const std::string golden = ReadSourceFile("tests/golden/recording/dense.json");
  EXPECT_EQ(FormatRecording(FullRecording(), kDense), golden);
  const auto parsed = ParseRecording(golden);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, FullRecording());
  EXPECT_EQ(FormatRecording(*parsed), ReadSourceFile("tests/golden/recording/full.json"));
}

TEST(RecordingJsonTest, WhatIsWrongWithTheDenseFormIsSaid) {
  const std::string golden = ReadSourceFile("tests/golden/recording/dense.json");
  const auto error = [&](std::string_view from, std::string_view to) {
    const std::string message = RecordingErrorOf(Replaced(golden, from, to));
    const std::string prefix = "not a valid recording: ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
  };
  const std::string numbers = R"("numbers":[1,18446744073709551608,7,)";
  EXPECT_EQ(error(numbers, R"("numbers":[1,18446744073709551608,8,)"),
            "runs[0].subjects[0].numbers: the counts of a call do not fit in 64 bits");
  EXPECT_EQ(error(numbers, R"("numbers":[1,18446744073709551608,0,)"),
            "runs[0].subjects[0].numbers: a count is at least 1");
  EXPECT_EQ(error(numbers, R"("numbers":[1,1,18446744073709551608,7,)"),
            "runs[0].subjects[0].numbers: 30 numbers, and the shape has 29");
  EXPECT_EQ(error(R"("shape":0)", R"("shape":2)"), "runs[0].subjects[0].shape: no shape before it has this place");
  EXPECT_EQ(error(R"("subject":1,)", R"("subject":0,)"), "runs[0].subjects[1]: repeats an earlier entry");
  EXPECT_EQ(error(R"("subject":1,)", R"("subject":6,)"), "runs[0].subjects[1].subject: no subject has this id");
  EXPECT_EQ(error(R"("calls":[0,1,)", R"("calls":[1,0,)"), "shapes[0].calls[1]: the calls are not ascending");
  EXPECT_EQ(error(R"("calls":[0,1,)", R"("calls":[0,99,)"), "shapes[0].calls[1]: no row has this place");
  EXPECT_EQ(error(R"("programs":[0,1])", R"("programs":[0,3])"), "rows[0].programs[1]: no program has this id");
  EXPECT_EQ(error(R"("programs":[0,1])", R"("programs":[0,0])"), "rows[0].programs[1]: repeats an earlier entry");
  EXPECT_EQ(error(R"("programs":[0,1])", R"("programs":[])"), "rows[0].programs: no program makes a call");
  EXPECT_EQ(error(R"("first_seen":true,)", ""), R"(rows[0]: the field "first_seen" is missing)");
}

// `recording` with `count` runs that differ from its own only in numbers.
Recording WithRuns(Recording recording, RandomRecordings& random, unsigned count) {
  const RunList originals = recording.runs;
  if (originals.empty()) return recording;
  recording.runs.clear();
  for (unsigned i = 0; i < count; ++i) {
    syscarve::Run run = originals[random.Below(static_cast<unsigned>(originals.size()))];
    run.id = std::string(24, '0') + std::to_string(10'000'000 + i);
    for (auto& [subject, trace] : run.subjects) {
      for (auto& [id, seen] : trace.calls) {
        const uint64_t more = random.Below(1000);
        seen.count += more;
        seen.programs.begin()->second += more;
      }
    }
    recording.runs.push_back(run);
  }
  return recording;
}

TEST(RecordingJsonTest, RandomRecordingsRoundTripInBothForms) {
  RandomRecordings random(11);
  for (int round = 0; round < 200; ++round) {
    const Recording recording = WithRuns(random.Next(), random, random.Below(30));
    const std::string full = FormatRecording(recording);
    const std::string dense = FormatRecording(recording, kDense);
    const auto from_full = ParseRecording(full);
    const auto from_dense = ParseRecording(dense);
    ASSERT_TRUE(from_full.ok()) << from_full.status();
    ASSERT_TRUE(from_dense.ok()) << from_dense.status() << dense;
    ASSERT_EQ(*from_full, recording);
    ASSERT_EQ(*from_dense, recording);
    ASSERT_EQ(FormatRecording(*from_full, kDense), dense) << "the same recording, the same bytes";
    const size_t front =
        FormatRecording(
            Recording{recording.host, recording.method, recording.programs, recording.subjects, {}, recording.losses})
            .size();
    ASSERT_LE(dense.size(), front + recording.runs.text_bytes() + 100);
  }
}

// At limits of any size: what the writer leaves in, the reader takes, and what it leaves out it names.
TEST(RecordingJsonTest, TheWriterNeverWritesWhatTheReaderRefuses) {
  RandomRecordings random(12);
  int left_out = 0;
  for (int round = 0; round < 400; ++round) {
    const Recording recording = WithRuns(random.Next(), random, random.Below(40));
    const RecordingLimits limits = {.bytes = 1 + random.Below(20'000),
                                    .values = 1 + random.Below(random.Below(2) == 0 ? 200 : 100'000),
                                    .full_numbers = random.Below(2) == 0 ? 0U : 100'000U};
    const std::string text = FormatRecording(recording, limits);
    const auto whole = FormatWholeRecording(recording, limits);
    if (text.empty()) {
      EXPECT_FALSE(whole.ok());
      continue;
    }
    const auto read = ParseRecording(text, limits);
    ASSERT_TRUE(read.ok()) << read.status();
    if (*read == recording) {
      ASSERT_TRUE(whole.ok()) << whole.status();
      EXPECT_EQ(*whole, text);
      continue;
    }
    ++left_out;
    EXPECT_FALSE(whole.ok());
    Recording expected = recording;
    while (expected.runs.size() > read->runs.size()) expected.runs.pop_back();
    expected.losses.push_back(RunsFullLoss(recording.runs.size() - expected.runs.size()));
    ASSERT_EQ(*read, expected);
    EXPECT_FALSE(read->complete());
  }
  EXPECT_GT(left_out, 50);
}

// A list that comes before what it refers to is kept until that is there.
TEST(RecordingJsonTest, TheOrderOfTheListsDoesNotMatter) {
  for (const RecordingLimits& limits : {RecordingLimits(), kDense}) {
    const auto tree = ParseStrictJson(FormatRecording(FullRecording(), limits),
                                      {.bytes = kMaxRecordingBytes, .values = 100'000, .depth = 16});
    ASSERT_TRUE(tree.ok());
    JsonValue::Object members = std::get<JsonValue::Object>(tree->data);
    std::ranges::reverse(members);
    const auto parsed = ParseRecording(PrintCompactJson(members));
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, FullRecording());
  }
}

TEST(RecordingJsonTest, WhatIsNotARecordingIsRefused) {
  EXPECT_EQ(RecordingErrorOf(""), "not a recording: line 1, column 1: there is nothing in it");
  EXPECT_EQ(RecordingErrorOf("[]"), "not a valid recording: expected an object, found an array");
  EXPECT_EQ(RecordingErrorOf("{}"), "not a valid recording: the field \"schema\" is missing");
  EXPECT_EQ(RecordingErrorOf(R"({"defaultAction": "SCMP_ACT_ALLOW"})"),
            "not a valid recording: the field \"schema\" is missing");
  EXPECT_EQ(RecordingErrorOf(std::string(100000, '[')), "not a recording: line 1, column 17: nested more than 16 deep");
}

// The full recording without line breaks and indentation, to make the exhaustive tests shorter.
std::string WithoutLayout(const std::string& text) {
  std::string dense;
  for (const char c : text) {
    const bool at_line_start = dense.empty() || dense.back() == '\n';
    if (at_line_start && c == ' ') continue;
    if (at_line_start && !dense.empty()) dense.pop_back();
    dense += c;
  }
  return dense;
}

class RecordingJsonFormTest : public testing::TestWithParam<size_t> {
 protected:
  // In the form that is used above so many numbers.
  static std::string Text() { return WithoutLayout(FormatRecording(FullRecording(), {.full_numbers = GetParam()})); }
};

INSTANTIATE_TEST_SUITE_P(Forms, RecordingJsonFormTest, testing::Values(0, 100'000));

TEST_P(RecordingJsonFormTest, ATruncatedRecordingIsRefused) {
  const std::string text = Text();
  for (size_t size = 0; size < text.size() - 1; size += InputsToTry<size_t>(1, 7)) {
    ASSERT_FALSE(ParseRecording(std::string_view(text).substr(0, size)).ok()) << size;
  }
}

// Whatever one wrong byte makes of a recording, it is refused or is again a recording that keeps its meaning.
TEST_P(RecordingJsonFormTest, AChangedByteIsRefusedOrRoundTrips) {
  const std::string text = Text();
  ASSERT_TRUE(ParseRecording(text).ok());
  constexpr std::array<int, 3> kChanges = {0x01, 0x20, 0x80};
  for (size_t place = 0; place < text.size(); place += InputsToTry<size_t>(1, 5)) {
    for (size_t i = 0; i < InputsToTry(kChanges.size(), size_t{1}); ++i) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ kChanges[(place + i) % kChanges.size()]);
      const auto parsed = ParseRecording(changed);
      if (!parsed.ok()) continue;
      const auto again = ParseRecording(FormatRecording(*parsed));
      ASSERT_TRUE(again.ok()) << "byte " << place << ": " << again.status();
      ASSERT_EQ(*again, *parsed) << "byte " << place;
    }
  }
}

// A recording that says where in the kernel capabilities were asked for.
Recording WithSites() {
  Recording recording = FullRecording();
  recording.runs.Update(0, [](auto& run) {
    constexpr SyscallId kBind = {Abi::kX86_64, 49};
    CapabilityUse& use = run.subjects.begin()->second.capabilities[10];
    use.during[kBind] = {.granted = 3,
                         .denied = 1,
                         .results = {{{.granted = true, .errno_value = 0}, {.count = 2}},
                                     {{.granted = true, .errno_value = 98}, {.count = 1}},
                                     {{.granted = false, .errno_value = 13}, {.count = 1, .ended = 1}}}};
    use.sites[kBind] = {
        {{.functions = {}, .in_vain = true}, {.granted = 1, .denied = 0}},
        {{.functions = {"ns_capable", "__inet_bind", "sys_bind"}},
         {.granted = 2, .denied = 1, .results = {{{.granted = false, .errno_value = 13}, {.count = 1, .ended = 1}}}}}};
    use.sites[std::nullopt] = {{{.functions = {"x"}}, {.granted = 0, .denied = 1}}};
  });
  return recording;
}

TEST(RecordingJsonTest, WhereCapabilitiesWereAskedForIsKeptWhereItIsKnown) {
  for (const RecordingLimits& limits : {RecordingLimits(), kDense}) {
    const std::string text = FormatRecording(WithSites(), limits);
    EXPECT_NE(text.find(R"("sites")"), std::string::npos);
    EXPECT_NE(text.find(R"("results")"), std::string::npos);
    const auto parsed = ParseRecording(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, WithSites());
  }
}

TEST(RecordingJsonTest, SitesHaveNoMoreChecksThanTheCall) {
  const std::string good = FormatRecording(WithSites());
  const auto refused = [&](std::string_view old_part, std::string_view new_part) {
    return std::string(ParseRecording(Replaced(good, old_part, new_part)).status().message());
  };
  EXPECT_NE(refused(R"("granted": 2,)", R"("granted": 3,)").find("more checks than the call"), std::string::npos);
  EXPECT_NE(refused(R"("in_vain": true)", R"("in_vain": false)").find("only true"), std::string::npos);
}

TEST(RecordingJsonTest, ResultsAreOfChecksThatThereAre) {
  const std::string good = FormatRecording(WithSites());
  const auto refused = [&](std::string_view old_part, std::string_view new_part) {
    return std::string(ParseRecording(Replaced(good, old_part, new_part)).status().message());
  };
  using testing::HasSubstr;
  constexpr std::string_view kSecond = R"({"check": "granted", "errno": 98, "count": 1})";
  const auto second = [&](std::string_view text) { return refused(kSecond, text); };
  EXPECT_THAT(second(R"({"check": "granted", "errno": 98, "count": 4})"), HasSubstr("not as many checks"));
  EXPECT_THAT(second(R"({"check": "granted", "errno": 98, "count": 0})"), HasSubstr("count: 0 is outside"));
  EXPECT_THAT(second(R"({"check": "granted", "errno": 4096, "count": 1})"), HasSubstr("errno: 4096 is outside"));
  EXPECT_THAT(second(R"({"check": "granted", "errno": 0, "count": 1})"), HasSubstr("repeats an earlier entry"));
  EXPECT_THAT(second(R"({"check": "asked", "errno": 98, "count": 1})"), HasSubstr("\"granted\" or \"denied\""));
  EXPECT_THAT(second(R"({"check": "granted", "errno": 98, "count": 1, "ended": 1})"), HasSubstr("what was denied"));
  EXPECT_THAT(second(R"({"check": "denied", "errno": 1, "count": 1, "ended": 2})"), HasSubstr("at most the count"));
  EXPECT_THAT(second(R"({"check": "denied", "errno": 1, "count": 1, "ended": 0})"), HasSubstr("ended: 0 is outside"));
  EXPECT_THAT(second(R"({"check": "denied", "errno": 1, "count": 1, "why": ""})"), HasSubstr("unknown field"));
  EXPECT_THAT(refused(R"("during": [
                {"granted": 0, "denied": 1,)",
                      R"("during": [
                {"granted": 0, "denied": 1, "results": [{"check": "denied", "errno": 1, "count": 1}],)"),
              HasSubstr("outside a call there is no result"));
}

TEST(RecordingJsonTest, LoadNamesTheFile) {
  const auto missing = LoadRecording("/nonexistent/r.json");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  const auto bad = LoadRecording("/dev/null");
  EXPECT_EQ(std::string(bad.status().message()),
            "/dev/null: not a recording: line 1, column 1: there is nothing in it");
  const auto good = LoadRecording(std::string(SYSCARVE_SOURCE_DIR) + "/tests/golden/recording/full.json");
  EXPECT_TRUE(good.ok()) << good.status();
}

}  // namespace
}  // namespace syscarve
