// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/recording_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/model/full_recording.h"
#include "tests/unit/model/recording_texts.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/strict_json.h"
#include "userspace/model/recording_words.h"

namespace syscarve {
namespace {

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
  const std::string golden = SourceFile("tests/golden/recording/full.json");
  EXPECT_EQ(FormatRecording(FullRecording()), golden);
  const auto parsed = ParseRecording(golden);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, FullRecording());
}

TEST(RecordingJsonTest, TheDocumentsExampleIsValidAndFormatted) {
  const std::string document = SourceFile("docs/recording-format.md");
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
  const auto parsed = ParseRecording(kSmallRecording);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(FormatRecording(*parsed), kSmallRecording);
}

TEST(RecordingJsonTest, HowProgramsWereAttachedIsKeptWhereItIsKnown) {
  constexpr std::string_view kWithout = "\"denials\": \"none\"}";
  const auto without = ParseRecording(kSmallRecording);
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ(without->method.attach, "");
  const auto with = ParseRecording(
      Replaced(std::string(kSmallRecording), kWithout, "\"denials\": \"none\", \"attach\": \"kprobe.multi\"}"));
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ(with->method.attach, "kprobe.multi");
  EXPECT_EQ(ParseRecording(FormatRecording(*with))->method, with->method);
  EXPECT_EQ(FormatRecording(*without).find("\"attach\""), std::string::npos);
}

TEST(RecordingJsonTest, OrderAndSpacingDoNotMatterToTheReader) {
  const auto parsed = ParseRecording(SmallRecordingWith(
      R"({"abi": "x86_64", "nr": 257, "name": "openat", "count": 23, "first_seen": 1, "programs": {"0": 23}})",
      R"({"programs":{"0":23},"count":23,"nr":257,"abi":"x86_64"},{"abi":"x86_64","nr":0,"count":1,"programs":{"0":1}})"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->runs[0].subjects.at(0).calls.size(), 2u);
}

TEST(RecordingJsonTest, ANameNewerThanThisBuildIsTaken) {
  const auto parsed =
      ParseRecording(SmallRecordingWith(R"("nr": 257, "name": "openat")", R"("nr": 570, "name": "from_the_future")"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_TRUE(parsed->runs[0].subjects.at(0).calls.contains({Abi::kX86_64, 570}));
}

TEST(RecordingJsonTest, AWordNewerThanThisBuildIsTaken) {
  const auto parsed = ParseRecording(SmallRecordingWith(
      R"("losses": [])", R"("losses": [{"what": "newer_word", "count": 0, "missed_calls": false, "detail": ""}])"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->losses.at(0).what, "newer_word");
}

// What the file of the first schema says, in full.
TEST(RecordingJsonTest, TheFirstSchemaIsReadAndWrittenAsTheSecond) {
  const std::string text = SourceFile("tests/golden/recording/first.json");
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
    return RecordingErrorOf(SmallRecordingWith(
        "\"denials\": []", std::string("\"denials\": [{\"abi\": \"x86_64\", \"nr\": 272, ") +
                               std::string(errno_and_outcome) + ", \"count\": 1, \"programs\": {\"0\": 1}}]"));
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
  const std::string text = SourceFile("tests/golden/recording/second.json");
  const auto parsed = ParseRecording(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, RecordingOfThirdSchema());
  const std::string shaped = R"("rows": [], "runs": [)";
  EXPECT_EQ(RecordingErrorOf(Replaced(text, R"("runs": [)", shaped)), "not a valid recording: unknown field \"rows\"");
}

TEST(RecordingJsonTest, TheThirdSchemaIsRead) {
  const std::string text = SourceFile("tests/golden/recording/third.json");
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
  const auto parsed = ParseRecording(SourceFile("tests/golden/recording/fourth.json"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, RecordingOfFourthSchema());
}

TEST(RecordingJsonTest, ProofsRoundTripWhereverTheyStand) {
  Recording recording = ParseRecording(kSmallRecording).value();
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

TEST(RecordingJsonTest, EvidenceThatDoesNotSpeakOfMessagesMissesThem) {
  const auto missing = [](std::string_view messages) {
    const auto recording = ParseRecording(SmallRecordingWith(
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

TEST(RecordingJsonTest, TheDenseFormIsStable) {
  const std::string golden = SourceFile("tests/golden/recording/dense.json");
  EXPECT_EQ(FormatRecording(FullRecording(), kDense), golden);
  const auto parsed = ParseRecording(golden);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, FullRecording());
  EXPECT_EQ(FormatRecording(*parsed), SourceFile("tests/golden/recording/full.json"));
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

TEST(RecordingJsonTest, LoadNamesTheFile) {
  const auto missing = LoadRecording("/nonexistent/r.json");
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  const auto bad = LoadRecording("/dev/null");
  EXPECT_EQ(std::string(bad.status().message()),
            "/dev/null: not a recording: line 1, column 1: there is nothing in it");
  const auto good = LoadRecording(std::string(SYSCARVE_SOURCE_DIR) + "/tests/golden/recording/full.json");
  EXPECT_TRUE(good.ok()) << good.status();
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

}  // namespace
}  // namespace syscarve
