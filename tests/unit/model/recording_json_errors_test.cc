// SPDX-License-Identifier: Apache-2.0
// What is no recording, and which place of it is said to be wrong.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/unit/model/full_recording.h"
#include "tests/unit/model/recording_texts.h"
#include "userspace/base/concat.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/recording_json.h"

namespace syscarve {
namespace {

struct BadRecording {
  std::string_view old_part;
  std::string_view new_part;
  std::string_view error;  // Behind "not a valid recording: ".
};

class BadRecordingTest : public testing::TestWithParam<BadRecording> {};

TEST_P(BadRecordingTest, IsRefusedWithItsPlace) {
  const auto parsed = ParseRecording(SmallRecordingWith(GetParam().old_part, GetParam().new_part));
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

TEST(RecordingJsonTest, TheFirstSchemaHasNoFieldOfTheSecond) {
  const std::string text = SourceFile("tests/golden/recording/first.json");
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
  EXPECT_EQ(RecordingErrorOf(SmallRecordingWith(call, call + "," + call)),
            "not a valid recording: runs[0].subjects[0].calls[1]: repeats an earlier entry");
  EXPECT_EQ(RecordingErrorOf(SmallRecordingWith(R"("count": 23)", R"("count": 23, "count": 23)")),
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

TEST(RecordingJsonTest, WhatIsWrongWithProofsIsSaid) {
  const auto error = [](std::string_view proofs, char schema = '5') {
    std::string text = SmallRecordingWith("  \"runs\": [", Concat("  \"proofs\": [", proofs, "],\n  \"runs\": ["));
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
        RecordingErrorOf(SmallRecordingWith(R"("cgroup": ""})", Concat(R"("cgroup": "", "life": )", life, "}")));
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
    const std::string message = RecordingErrorOf(SmallRecordingWith(
        R"("cgroup": ""})", Concat(R"("cgroup": "", "hardening": )", Replaced(whole, from, to), "}")));
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

TEST(RecordingJsonTest, WhatIsWrongWithTheDenseFormIsSaid) {
  const std::string golden = SourceFile("tests/golden/recording/dense.json");
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

TEST(RecordingJsonTest, WhatIsNotARecordingIsRefused) {
  EXPECT_EQ(RecordingErrorOf(""), "not a recording: line 1, column 1: there is nothing in it");
  EXPECT_EQ(RecordingErrorOf("[]"), "not a valid recording: expected an object, found an array");
  EXPECT_EQ(RecordingErrorOf("{}"), "not a valid recording: the field \"schema\" is missing");
  EXPECT_EQ(RecordingErrorOf(R"({"defaultAction": "SCMP_ACT_ALLOW"})"),
            "not a valid recording: the field \"schema\" is missing");
  EXPECT_EQ(RecordingErrorOf(std::string(100000, '[')), "not a recording: line 1, column 17: nested more than 16 deep");
}

}  // namespace
}  // namespace syscarve
