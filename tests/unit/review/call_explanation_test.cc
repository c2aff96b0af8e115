// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/call_explanation.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "tests/unit/actions.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr Action kKill{ActionKind::kKillThread, 0};

ProfileSource Source() {
  Profile profile{.default_action = kEperm, .abis = {Abi::kX86_64, Abi::kI386}};
  profile.rules = {
      {.names = {"read"}, .action = kAllowAction, .conditions = {{2, CompareOp::kLess, 10}}, .comment = "never"},
      {.names = {"read", "write"}, .action = kAllowAction, .comment = "io"},
      {.names = {"socket"},
       .action = kAllowAction,
       .conditions = {{0, CompareOp::kEqual, 2}, {1, CompareOp::kMaskedEqual, 0xf, 1}}},
  };
  return SourceWithoutText(profile);
}

std::vector<CallExplanation> Answers(const ProfileSource& source, const std::string& name, std::vector<uint64_t> known,
                                     std::vector<Abi> abis = {Abi::kX86_64}) {
  absl::StatusOr<FilterProgram> program = Compile(source.profile);
  EXPECT_TRUE(program.ok()) << program.status();
  const std::vector<FilterProgram> stack = {program.value_or(FilterProgram())};
  absl::StatusOr<std::vector<CallExplanation>> answers = ExplainCalls(name, known, abis, stack, &source);
  EXPECT_TRUE(answers.ok()) << answers.status();
  return answers.value_or(std::vector<CallExplanation>());
}

TEST(CallAnswerTest, NamesTheRuleThatDecides) {
  const std::vector<CallExplanation> answers = Answers(Source(), "read", {0, 0, 5});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_TRUE(answers[0].depends_on.empty());
  ASSERT_EQ(answers[0].outcomes.size(), 1U);
  const ExplainedOutcome& outcome = answers[0].outcomes[0];
  EXPECT_EQ(outcome.filter, kAllowAction);
  EXPECT_FALSE(outcome.Differs());
  // The rule without conditions decides, not the one that also matches.
  ASSERT_TRUE(outcome.rule.has_value());
  EXPECT_EQ(outcome.rule->entry, 1U);
  EXPECT_EQ(outcome.rule->comment, "io");
}

TEST(CallAnswerTest, SaysWhichArgumentsMatterAndWhatMayComeOfThem) {
  const std::vector<CallExplanation> answers = Answers(Source(), "socket", {});
  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(answers[0].depends_on, (std::vector<unsigned>{0, 1}));
  ASSERT_EQ(answers[0].outcomes.size(), 2U);
  EXPECT_EQ(answers[0].outcomes[0].filter, kEperm);
  EXPECT_FALSE(answers[0].outcomes[0].rule.has_value());
  EXPECT_EQ(answers[0].outcomes[1].filter, kAllowAction);
  EXPECT_EQ(answers[0].outcomes[1].arguments, (Arguments{2, 1}));
  EXPECT_EQ(answers[0].outcomes[1].rule->entry, 2U);
}

TEST(CallAnswerTest, KnownArgumentsLeaveLessOpen) {
  EXPECT_EQ(Answers(Source(), "socket", {2})[0].depends_on, (std::vector<unsigned>{1}));
  EXPECT_EQ(Answers(Source(), "socket", {3})[0].outcomes.size(), 1U);
  EXPECT_EQ(Answers(Source(), "socket", {3})[0].outcomes[0].filter, kEperm);
  EXPECT_EQ(Answers(Source(), "socket", {2, 0x11})[0].outcomes[0].filter, kAllowAction);
}

TEST(CallAnswerTest, EveryAbiHasItsOwnAnswer) {
  const std::vector<CallExplanation> answers =
      Answers(Source(), "socket", {0x100000002, 1}, {Abi::kX86_64, Abi::kI386, Abi::kX32});
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_EQ(answers[0].outcomes[0].filter, kEperm);
  EXPECT_EQ(answers[1].outcomes[0].filter, kAllowAction);  // Only the lower half is compared.
  EXPECT_FALSE(answers[2].is_listed);
  EXPECT_EQ(answers[2].outcomes[0].filter, kKill);
  EXPECT_TRUE(Answers(Source(), "socketcall", {1}).empty());
}

// The example of docs/profile-semantics.md.
TEST(CallAnswerTest, SaysWhereTheFilterIsNotTheText) {
  Profile profile{.default_action = kEperm, .abis = {Abi::kX86_64}};
  profile.rules = {{.names = {"lseek"},
                    .action = kAllowAction,
                    .conditions = {{0, CompareOp::kGreaterOrEqual, 3}, {2, CompareOp::kEqual, 1}}},
                   {.names = {"lseek"},
                    .action = kAllowAction,
                    .conditions = {{0, CompareOp::kGreater, 0xffffffff}, {2, CompareOp::kEqual, 0}}}};
  const std::vector<CallExplanation> answers = Answers(SourceWithoutText(profile), "lseek", {0xffffffff, 0, 0});
  const ExplainedOutcome& outcome = answers[0].outcomes[0];
  EXPECT_EQ(outcome.text, kEperm);
  if (outcome.filter == kEperm) GTEST_SKIP() << "this libseccomp makes a right filter of it";
  EXPECT_TRUE(outcome.Differs());
}

TEST(ArgumentFromTextTest, ReadsNumbersAsPeopleWriteThem) {
  EXPECT_EQ(ArgumentFromText("0"), 0U);
  EXPECT_EQ(ArgumentFromText("17"), 17U);
  EXPECT_EQ(ArgumentFromText("0x1F"), 31U);
  EXPECT_EQ(ArgumentFromText("017"), 15U);
  EXPECT_EQ(ArgumentFromText("-1"), UINT64_MAX);
  EXPECT_EQ(ArgumentFromText("-0x10"), UINT64_MAX - 15);
  EXPECT_EQ(ArgumentFromText("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(ArgumentFromText("-9223372036854775808"), uint64_t{1} << 63);
  for (const char* text :
       {"", "-", "0x", "08", "1k", "18446744073709551616", "-9223372036854775809", "--1", "+1", "0x-1", "read", " 1"}) {
    EXPECT_EQ(ArgumentFromText(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace syscarve
