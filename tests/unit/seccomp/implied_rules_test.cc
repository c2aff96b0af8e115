// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/implied_rules.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/compile.h"

namespace syscarve {
namespace {

constexpr Action kLog{ActionKind::kLog, 0};

Profile Refusing(std::vector<Rule> rules) {
  return {.default_action = {ActionKind::kErrno, 1}, .abis = {Abi::kX86_64, Abi::kI386}, .flags = {}, .rules = rules};
}

Rule When(CompareOp op, uint64_t value, Action action = kAllowAction) {
  return {.names = {"read"}, .action = action, .conditions = {{.index = 1, .op = op, .value = value}}, .comment = ""};
}

Profile Lean(const Profile& profile) {
  const absl::StatusOr<Profile> lean = WithoutImpliedRules(profile);
  EXPECT_TRUE(lean.ok()) << lean.status();
  return lean.value_or(Profile());
}

TEST(ImpliedRulesTest, ANameIsThereOnce) {
  const Rule twice{.names = {"read", "write", "read"}, .action = kAllowAction, .conditions = {}, .comment = ""};
  const Profile lean = Lean(Refusing({twice, twice}));
  ASSERT_EQ(lean.rules.size(), 1U);
  EXPECT_EQ(lean.rules.front().names, (std::vector<std::string>{"read", "write"}));
}

TEST(ImpliedRulesTest, FewRulesAreLeftAsTheyAre) {
  const Profile profile = Refusing({When(CompareOp::kGreater, 3), When(CompareOp::kGreater, 5)});
  EXPECT_EQ(Lean(profile), profile);
}

TEST(ImpliedRulesTest, ManyRulesMeanTheSameOnBothWidths) {
  constexpr CompareOp kOps[] = {CompareOp::kNotEqual, CompareOp::kLess,           CompareOp::kLessOrEqual,
                                CompareOp::kEqual,    CompareOp::kGreaterOrEqual, CompareOp::kGreater};
  std::mt19937_64 random(1);  // NOLINT(cert-msc51-cpp): the same profiles in every run.
  for (int round = 0; round < 50; ++round) {
    Profile profile = Refusing({});
    for (int i = 0; i < 40; ++i) {
      // Few kinds of comparison at a time, so that not everything is in the union.
      const CompareOp op = round % 7 == 6 ? kOps[random() % 6] : kOps[round % 7];
      profile.rules.push_back(
          When(op, random() >> (random() % 2 == 0 ? 0 : 40), random() % 2 == 0 ? kAllowAction : kLog));
    }
    const Profile lean = Lean(profile);
    ArgumentSets sets;
    for (const bool low_half : {false, true}) {
      for (const Action action : {kAllowAction, kLog}) {
        const auto matched = [&](const Profile& by) {
          ArgumentSets::Set all = ArgumentSets::kNone;
          for (const Rule& rule : by.rules) {
            if (rule.action == action) all = sets.Or(all, sets.FromConditions(rule.conditions, low_half));
          }
          return all;
        };
        EXPECT_EQ(matched(lean), matched(profile)) << round;
      }
    }
  }
}

TEST(ImpliedRulesTest, HundredsOfOrderedRulesAreAHandful) {
  std::mt19937_64 random(1);  // NOLINT(cert-msc51-cpp)
  Profile profile = Refusing({});
  for (int i = 0; i < 2000; ++i) profile.rules.push_back(When(CompareOp::kGreater, random()));
  EXPECT_EQ(Lean(profile).rules.size(), 2U);  // The least value, and the least low half.
  EXPECT_TRUE(Compile(profile).ok());
}

TEST(ImpliedRulesTest, MoreThanLibseccompCanBeGivenIsRefusedBeforeItIsAsked) {
  Profile profile = Refusing({});
  for (uint64_t i = 0; i < 60000; ++i) profile.rules.push_back(When(CompareOp::kEqual, i));
  EXPECT_TRUE(absl::IsResourceExhausted(Compile(profile).status()));
}

TEST(ImpliedRulesTest, ConditionsOnSeveralArgumentsCountOneByOne) {
  for (const auto& [count, fits] : {std::pair{85U, true}, std::pair{86U, false}}) {
    Profile profile = Refusing({});
    for (uint64_t value = 0; value < count; ++value) {
      Rule rule = When(CompareOp::kEqual, value);
      rule.conditions.clear();
      for (unsigned index = 0; index < 6; ++index) rule.conditions.push_back({index, CompareOp::kEqual, value, 0});
      profile.rules.push_back(rule);
    }
    EXPECT_EQ(WithoutImpliedRules(profile).ok(), fits) << count;
  }
}

}  // namespace
}  // namespace syscarve
