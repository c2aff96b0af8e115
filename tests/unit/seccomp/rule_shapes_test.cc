// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/rule_shapes.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/meaning.h"

namespace syscarve {
namespace {

using Conditions = std::vector<ArgumentCondition>;

Profile Of(const std::string& name, const std::vector<Conditions>& rules) {
  Profile profile{
      .default_action = {ActionKind::kErrno, EPERM}, .abis = {Abi::kX86_64, Abi::kI386}, .flags = {}, .rules = {}};
  for (const Conditions& conditions : rules) {
    profile.rules.push_back({.names = {name}, .action = kAllowAction, .conditions = conditions, .comment = ""});
  }
  return profile;
}

ArgumentCondition ConditionWhen(unsigned index, CompareOp op, uint64_t value) {
  return {.index = index, .op = op, .value = value, .value_two = 0};
}

bool IsBeyond(const std::string& name, const std::vector<Conditions>& rules) {
  return !FamiliesBeyondLibseccomp(Of(name, rules)).empty();
}

// libseccomp 2.5.4 loops for good over each of them.
const std::vector<std::vector<Conditions>> kEndless = {
    {{ConditionWhen(0, CompareOp::kLessOrEqual, 0xffffffff), ConditionWhen(5, CompareOp::kLessOrEqual, 0x2fffffffd)},
     {ConditionWhen(0, CompareOp::kLessOrEqual, 0xffffffff), ConditionWhen(5, CompareOp::kEqual, 0x3fffffffc)}},
    {{ConditionWhen(0, CompareOp::kGreater, 3), ConditionWhen(1, CompareOp::kEqual, 16)},
     {ConditionWhen(0, CompareOp::kGreater, 3), ConditionWhen(2, CompareOp::kGreaterOrEqual, 0)}},
    {{ConditionWhen(0, CompareOp::kNotEqual, 3), {1, CompareOp::kMaskedEqual, 0x100000000, 0}},
     {ConditionWhen(0, CompareOp::kNotEqual, 3), {1, CompareOp::kMaskedEqual, 0x100000002, 0x100000000}}},
    {{ConditionWhen(1, CompareOp::kLess, 0), ConditionWhen(2, CompareOp::kNotEqual, 0),
      ConditionWhen(3, CompareOp::kGreater, 3)},
     {ConditionWhen(1, CompareOp::kLess, 1), ConditionWhen(2, CompareOp::kNotEqual, 0),
      ConditionWhen(4, CompareOp::kNotEqual, 0)}},
};

TEST(RuleShapesTest, WhatLibseccompLoopsOverIsToldByItsShape) {
  for (const std::vector<Conditions>& rules : kEndless) {
    EXPECT_TRUE(IsBeyond("read", rules));
    EXPECT_TRUE(IsBeyond("read", {rules[1], rules[0]}));
    // What is left of it behind socketcall's selector.
    std::vector<Conditions> shifted = rules;
    for (Conditions& conditions : shifted)
      conditions.insert(conditions.begin(), ConditionWhen(0, CompareOp::kEqual, 7));
    if (rules[0][0].index != 0) {
      EXPECT_TRUE(IsBeyond("socket", shifted));
    }
  }
}

TEST(RuleShapesTest, OtherShapesAreLibseccomps) {
  // Nothing in common, equality only, one argument only, one rule only, and the same beginning of rules for two names.
  EXPECT_FALSE(
      IsBeyond("read", {{ConditionWhen(0, CompareOp::kGreaterOrEqual, 3), ConditionWhen(2, CompareOp::kEqual, 1)},
                        {ConditionWhen(0, CompareOp::kGreater, 0xffffffff), ConditionWhen(2, CompareOp::kEqual, 0)}}));
  EXPECT_FALSE(IsBeyond("read", {{ConditionWhen(0, CompareOp::kEqual, 3), ConditionWhen(2, CompareOp::kEqual, 1)},
                                 {ConditionWhen(0, CompareOp::kEqual, 3), ConditionWhen(1, CompareOp::kEqual, 0)}}));
  EXPECT_FALSE(
      IsBeyond("read", {{ConditionWhen(0, CompareOp::kGreater, 3)}, {ConditionWhen(0, CompareOp::kGreater, 3)}}));
  EXPECT_FALSE(IsBeyond("read", {kEndless[1][0], kEndless[1][0]}));
  Profile profile = Of("read", kEndless[1]);
  profile.rules[1].names = {"write"};
  EXPECT_TRUE(FamiliesBeyondLibseccomp(profile).empty());
}

TEST(RuleShapesTest, SuchCallsAreDecidedAsTheirTextSays) {
  for (const std::string name : {"read", "socket", "semop"}) {
    for (const std::vector<Conditions>& rules : kEndless) {
      Profile profile = Of(name, rules);
      profile.rules.push_back({.names = {"socket", "write"}, .action = kAllowAction, .conditions = {}, .comment = ""});
      const absl::StatusOr<Meaning> meaning = MeaningOf(profile, Abi::kX86_64);
      ASSERT_TRUE(meaning.ok()) << meaning.status();
      EXPECT_TRUE(Equal(*meaning, MeaningOfText(profile, Abi::kX86_64).value()).value()) << name;
    }
  }
}

// Each would hang the test if its shape were not told.
TEST(RuleShapesTest, RandomListsComeToAnEnd) {
  std::mt19937 random(5);  // NOLINT(cert-msc51-cpp): the same profiles in every run.
  constexpr uint64_t kOperands[] = {0, 1, 2, 3, 0xffffffff, uint64_t{1} << 32, (uint64_t{1} << 32) + 1};
  int beyond = 0;
  for (int round = 0; round < 400; ++round) {
    std::vector<Conditions> rules(2 + random() % 4);
    for (Conditions& conditions : rules) {
      for (unsigned index = random() % 3; index < 6 && conditions.size() < 3; index += 1 + random() % 2) {
        conditions.push_back({.index = index,
                              .op = static_cast<CompareOp>(random() % 7),
                              .value = kOperands[random() % std::size(kOperands)],
                              .value_two = kOperands[random() % std::size(kOperands)]});
      }
    }
    const Profile profile = Of(random() % 4 == 0 ? "socket" : "read", rules);
    beyond += static_cast<int>(FamiliesBeyondLibseccomp(profile).size());
    EXPECT_TRUE(Compile(profile).ok()) << round;
  }
  EXPECT_GT(beyond, 20);
}

}  // namespace
}  // namespace syscarve
