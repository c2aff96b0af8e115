// SPDX-License-Identifier: Apache-2.0
// Where changed calls are said to come from.
#include "userspace/review/diff_evidence.h"

#include <gtest/gtest.h>

#include "tests/unit/policy/recordings.h"

namespace syscarve {
namespace {

GeneratedProfile Make(const RecordingBuilder& builder, GenerateOptions options = {}) {
  const std::vector<Recording> recordings = {builder.Build()};
  absl::StatusOr<GeneratedProfile> made = Generate(recordings, options);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : GeneratedProfile{};
}

// Of a diff that names `name`, between what was recorded.
CallEvidence EvidenceOf(const std::string& name, const GeneratedProfile& before, const GeneratedProfile& after) {
  Diff diff;
  diff.calls.push_back({.names = {name}, .numbers = {}, .abis = {Abi::kX86_64}, .answers = {}});
  const absl::StatusOr<DiffEvidence> evidence = FindEvidence(diff, before, after);
  EXPECT_TRUE(evidence.ok()) << evidence.status();
  return evidence.ok() && evidence->calls.contains(name) ? evidence->calls.at(name) : CallEvidence{};
}

RecordingBuilder Recorded(std::initializer_list<std::string_view> names, const std::string& path = "/usr/bin/service") {
  RecordingBuilder builder;
  builder.Calls(names);
  builder.recording().programs[0].path = path;
  return builder;
}

TEST(DiffEvidenceTest, AProgramsOwnCallHasItsSightings) {
  const CallEvidence evidence = EvidenceOf("connect", Make(Recorded({"read"})), Make(Recorded({"read", "connect"})));
  EXPECT_EQ(evidence.origin, Origin::kProgram);
  EXPECT_FALSE(evidence.new_program);
  EXPECT_TRUE(evidence.before.empty());
  ASSERT_EQ(evidence.after.size(), 1U);
  EXPECT_EQ(evidence.after[0].programs.begin()->first.path, "/usr/bin/service");
}

TEST(DiffEvidenceTest, AProgramThatWasNotThereBeforeIsNew) {
  const CallEvidence evidence =
      EvidenceOf("connect", Make(Recorded({"read"})), Make(Recorded({"connect"}, "/usr/bin/other")));
  EXPECT_EQ(evidence.origin, Origin::kProgram);
  EXPECT_TRUE(evidence.new_program);
}

TEST(DiffEvidenceTest, AnotherSpellingOfTheSameOperationIsTheLibrarys) {
  const CallEvidence evidence = EvidenceOf("newfstatat", Make(Recorded({"stat"})), Make(Recorded({"newfstatat"})));
  EXPECT_EQ(evidence.origin, Origin::kLibrary);
  EXPECT_EQ(evidence.spelling, "stat");
  EXPECT_EQ(EvidenceOf("clone3", Make(Recorded({"clone"})), Make(Recorded({"clone3"}))).spelling, "clone");
  EXPECT_EQ(EvidenceOf("open", Make(Recorded({"openat2"})), Make(Recorded({"open"}))).spelling, "openat2");
}

TEST(DiffEvidenceTest, WithoutTheOldSpellingInTheSameProgramItIsNot) {
  // Nothing of the kind before; by another program; by one whose path is not known; already then.
  EXPECT_EQ(EvidenceOf("newfstatat", Make(Recorded({"read"})), Make(Recorded({"newfstatat"}))).origin,
            Origin::kProgram);
  EXPECT_EQ(EvidenceOf("newfstatat", Make(Recorded({"stat"})), Make(Recorded({"newfstatat"}, "/other"))).origin,
            Origin::kProgram);
  EXPECT_EQ(EvidenceOf("newfstatat", Make(Recorded({"stat"}, "")), Make(Recorded({"newfstatat"}, ""))).origin,
            Origin::kProgram);
  EXPECT_EQ(EvidenceOf("newfstatat", Make(Recorded({"stat", "newfstatat"})), Make(Recorded({"newfstatat"}))).origin,
            Origin::kProgram);
  // Both now; and a call that is needed beside the other one, not in place of it.
  EXPECT_EQ(EvidenceOf("readv", Make(Recorded({"read"})), Make(Recorded({"read", "readv"}))).origin, Origin::kProgram);
  EXPECT_EQ(EvidenceOf("brk", Make(Recorded({"mmap"})), Make(Recorded({"brk"}))).origin, Origin::kProgram);
}

TEST(DiffEvidenceTest, WhatALibraryDoesAtTheStartIsItsOwnOnlyOfProgramsThatAreKnown) {
  const CallEvidence evidence = EvidenceOf("rseq", Make(Recorded({"read"})), Make(Recorded({"read", "rseq"})));
  EXPECT_EQ(evidence.origin, Origin::kLibrary);
  EXPECT_EQ(evidence.spelling, "");
  EXPECT_EQ(EvidenceOf("rseq", Make(Recorded({"read"})), Make(Recorded({"rseq"}, "/other"))).origin, Origin::kProgram);
  // What programs also do themselves is never the library's for that.
  EXPECT_EQ(EvidenceOf("mprotect", Make(Recorded({"read"})), Make(Recorded({"mprotect"}))).origin, Origin::kProgram);
}

// Closure's reason for signal 0 does not explain a kill with any signal.
TEST(DiffEvidenceTest, AReasonForSomeArgumentsExplainsNoMore) {
  const GeneratedProfile before = Make(Recorded({"read", "kill"}), {.closure = ClosureMode::kSteady});
  const GeneratedProfile after = Make(Recorded({"read"}), {.closure = ClosureMode::kSteady});
  const auto evidence_of = [&](std::vector<ArgumentCondition> when) {
    Diff diff;
    diff.calls.push_back({.names = {"kill"},
                          .numbers = {},
                          .abis = {Abi::kX86_64},
                          .answers = {{.before = {ActionKind::kErrno, 1},
                                       .after = {ActionKind::kAllow, 0},
                                       .direction = Comparison::kLooser,
                                       .when = {std::move(when)}}}});
    return FindEvidence(diff, before, after).value().calls.at("kill");
  };
  EXPECT_EQ(evidence_of({{.index = 1, .op = CompareOp::kEqual, .value = 0}}).origin, Origin::kClosure);
  EXPECT_EQ(evidence_of({}).origin, Origin::kUnexplained);
  EXPECT_TRUE(evidence_of({}).closure.empty());
}

TEST(DiffEvidenceTest, RuntimeClosureAndNothing) {
  const GeneratedProfile before = Make(Recorded({"read"}));
  GenerateOptions options{.closure = ClosureMode::kSafe};
  options.baselines = {{.source = "runc 1.1.5, shipped", .abi = Abi::kX86_64, .names = {"capset"}}};
  const GeneratedProfile after = Make(Recorded({"read", "newfstatat"}), options);
  const CallEvidence runtime = EvidenceOf("capset", before, after);
  EXPECT_EQ(runtime.origin, Origin::kRuntime);
  EXPECT_EQ(runtime.baseline, "runc 1.1.5, shipped");
  const CallEvidence closure = EvidenceOf("stat", before, after);
  EXPECT_EQ(closure.origin, Origin::kClosure);
  ASSERT_EQ(closure.closure.size(), 1U);
  EXPECT_EQ(closure.closure[0].because, "newfstatat");
  EXPECT_EQ(EvidenceOf("mount", before, after).origin, Origin::kUnexplained);
}

TEST(DiffEvidenceTest, WhatIsNoLongerThereHasItsOldSightings) {
  const CallEvidence evidence = EvidenceOf("connect", Make(Recorded({"connect"})), Make(Recorded({"read"})));
  EXPECT_EQ(evidence.before.size(), 1U);
  EXPECT_TRUE(evidence.after.empty());
}

}  // namespace
}  // namespace syscarve
