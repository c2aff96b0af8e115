// SPDX-License-Identifier: Apache-2.0
// What is said to have changed between two profiles: every kind of change, and by brute force that it is all and true.
#include "userspace/review/diff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <random>

#include "tests/unit/actions.h"
#include "tests/unit/effort.h"
#include "tests/unit/seccomp/filter_stack.h"
#include "tests/unit/seccomp/narrow_profiles.h"
#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {
namespace {

constexpr Action kKillThread{ActionKind::kKillThread, 0};
constexpr Action kKillProcess{ActionKind::kKillProcess, 0};

Profile Base() {
  return {.default_action = kEperm,
          .abis = {Abi::kX86_64},
          .rules = {{.names = {"read", "write", "openat"}, .action = kAllowAction}}};
}

Profile With(Rule rule) {
  Profile profile = Base();
  profile.rules.push_back(std::move(rule));
  return profile;
}

Diff DiffOf(const Profile& before, const Profile& after) {
  const absl::StatusOr<Meaning> left = MeaningOf(before, Abi::kX86_64);
  const absl::StatusOr<Meaning> right = MeaningOf(after, Abi::kX86_64);
  EXPECT_TRUE(left.ok() && right.ok()) << left.status() << right.status();
  if (!left.ok() || !right.ok()) return {};
  const absl::StatusOr<Diff> diff = DiffMeanings(*left, *right);
  EXPECT_TRUE(diff.ok()) << diff.status();
  return diff.value_or(Diff{});
}

TEST(DiffTest, OfOneMeaningIsEmptyHoweverItIsSpelled) {
  Profile other = Base();
  other.rules = {{.names = {"openat", "read"}, .action = kAllowAction, .comment = "by hand"},
                 {.names = {"write", "no_such_call"}, .action = kAllowAction},
                 {.names = {"mount"}, .action = kEperm}};
  const Diff diff = DiffOf(Base(), other);
  EXPECT_TRUE(diff.empty());
  EXPECT_EQ(VerdictOf(diff), "same");
}

TEST(DiffTest, ACallMoreIsLooserAndTheOtherWayRoundTighter) {
  const Profile wider = With({.names = {"ptrace"}, .action = kAllowAction});
  const Diff looser = DiffOf(Base(), wider);
  EXPECT_EQ(VerdictOf(looser), "looser");
  ASSERT_EQ(looser.calls.size(), 1U);
  EXPECT_EQ(looser.calls[0], (CallChange{.names = {"ptrace"},
                                         .numbers = {},
                                         .abis = {Abi::kX86_64},
                                         .answers = {{.before = kEperm,
                                                      .after = kAllowAction,
                                                      .direction = Comparison::kLooser,
                                                      .when = {{}},
                                                      .example = {}}}}));
  EXPECT_TRUE(looser.abis.empty() && looser.unnamed.empty() && looser.unclear.empty());
  EXPECT_EQ(LooserNames(looser), std::vector<std::string>{"ptrace"});

  const Diff tighter = DiffOf(wider, Base());
  EXPECT_EQ(VerdictOf(tighter), "tighter");
  ASSERT_EQ(tighter.calls.size(), 1U);
  EXPECT_TRUE(tighter.calls[0].Has(Comparison::kTighter));
  EXPECT_TRUE(LooserNames(tighter).empty());
}

TEST(DiffTest, SaysForWhichArguments) {
  const Profile before =
      With({.names = {"personality"}, .action = kAllowAction, .conditions = {{0, CompareOp::kEqual, 8}}});
  const Profile after =
      With({.names = {"personality"}, .action = kAllowAction, .conditions = {{0, CompareOp::kEqual, 9}}});
  const Diff diff = DiffOf(before, after);
  EXPECT_EQ(VerdictOf(diff), "mixed");
  ASSERT_EQ(diff.calls.size(), 1U);
  const std::vector<ActionChange>& answers = diff.calls[0].answers;
  ASSERT_EQ(answers.size(), 2U);
  EXPECT_EQ(answers[0], (ActionChange{.before = kEperm,
                                      .after = kAllowAction,
                                      .direction = Comparison::kLooser,
                                      .when = {{{0, CompareOp::kEqual, 9}}},
                                      .example = {9}}));
  EXPECT_EQ(answers[1], (ActionChange{.before = kAllowAction,
                                      .after = kEperm,
                                      .direction = Comparison::kTighter,
                                      .when = {{{0, CompareOp::kEqual, 8}}},
                                      .example = {8}}));
  // Free of its conditions: only what they kept out is new.
  const Diff freed = DiffOf(before, With({.names = {"personality"}, .action = kAllowAction}));
  ASSERT_EQ(freed.calls.size(), 1U);
  ASSERT_EQ(freed.calls[0].answers.size(), 1U);
  EXPECT_EQ(freed.calls[0].answers[0].when,
            (std::vector<std::vector<ArgumentCondition>>{{{0, CompareOp::kNotEqual, 8}}}));
}

TEST(DiffTest, AnotherErrnoIsTheSamePermission) {
  const Diff diff = DiffOf(Base(), With({.names = {"clone3"}, .action = kEnosys}));
  EXPECT_EQ(VerdictOf(diff), "same");
  EXPECT_FALSE(diff.empty());
  ASSERT_EQ(diff.calls.size(), 1U);
  EXPECT_TRUE(diff.calls[0].Has(Comparison::kOtherRefusal));
}

TEST(DiffTest, ActionsAreOrderedAndTheTwoKillsAreOne) {
  const auto verdict = [](Action before, Action after) {
    return VerdictOf(DiffOf(With({.names = {"mount"}, .action = before}), With({.names = {"mount"}, .action = after})));
  };
  EXPECT_EQ(verdict(kKillProcess, kKillThread), "same");
  EXPECT_EQ(verdict(kKillProcess, kEnosys), "looser");
  EXPECT_EQ(verdict({ActionKind::kLog, 0}, kAllowAction), "looser");
  EXPECT_EQ(verdict(kAllowAction, {ActionKind::kLog, 0}), "tighter");
  EXPECT_EQ(verdict(kEnosys, {ActionKind::kTrap, 0}), "tighter");
  EXPECT_EQ(verdict({ActionKind::kErrno, 1}, {ActionKind::kErrno, 2}), "same");
}

TEST(DiffTest, AChangedDefaultIsOneChange) {
  Profile after = With({.names = {"ptrace"}, .action = kAllowAction});
  after.default_action = kEnosys;
  after.rules.push_back({.names = {"mount"}, .action = kEperm});
  const Diff diff = DiffOf(Base(), after);
  EXPECT_EQ(VerdictOf(diff), "looser");
  ASSERT_EQ(diff.unnamed.size(), 1U);
  const CallChange& others = diff.unnamed[0];
  EXPECT_TRUE(others.future);
  EXPECT_EQ(others.answers.size(), 1U);
  EXPECT_EQ(others.answers[0].before, kEperm);
  EXPECT_EQ(others.answers[0].after, kEnosys);
  EXPECT_GT(others.names.size(), 300U);
  for (const char* name : {"mount", "ptrace", "read"}) {
    EXPECT_FALSE(std::ranges::binary_search(others.names, name)) << name;
  }
  ASSERT_EQ(diff.calls.size(), 1U);
  EXPECT_EQ(diff.calls[0].names, std::vector<std::string>{"ptrace"});
}

TEST(DiffTest, AnAbiMoreIsOneChange) {
  Profile after = Base();
  after.abis = {Abi::kX86_64, Abi::kI386};
  const Diff diff = DiffOf(Base(), after);
  EXPECT_EQ(VerdictOf(diff), "looser");
  EXPECT_TRUE(diff.calls.empty() && diff.unnamed.empty());
  ASSERT_EQ(diff.abis.size(), 1U);
  const AbiChange& i386 = diff.abis[0];
  EXPECT_EQ(i386.abi, Abi::kI386);
  EXPECT_EQ(i386.before, kKillThread);
  EXPECT_EQ(i386.after, std::nullopt);
  ASSERT_EQ(i386.changes.size(), 2U);
  EXPECT_EQ(i386.changes[1].answers[0].after, kEperm);
  EXPECT_TRUE(i386.changes[1].future && !i386.changes[1].Opens());
  EXPECT_EQ(i386.changes[0].answers[0].after, kAllowAction);
  EXPECT_TRUE(i386.changes[0].Opens());
  EXPECT_EQ(i386.changes[0].names, (std::vector<std::string>{"openat", "read", "write"}));

  const Diff back = DiffOf(after, Base());
  EXPECT_EQ(VerdictOf(back), "tighter");
  EXPECT_EQ(back.abis.at(0).after, kKillThread);
}

TEST(DiffTest, AbisThatAgreeAreTogether) {
  const auto both = [](Profile profile) {
    profile.abis = {Abi::kX86_64, Abi::kI386};
    return profile;
  };
  const Diff diff =
      DiffOf(both(Base()), both(With({.names = {"ptrace", "stat64", "arch_prctl"}, .action = kAllowAction})));
  ASSERT_EQ(diff.calls.size(), 3U);
  EXPECT_EQ(diff.calls[1].names, std::vector<std::string>{"ptrace"});
  EXPECT_EQ(diff.calls[1].abis, (std::vector<Abi>{Abi::kX86_64, Abi::kI386}));
  EXPECT_EQ(diff.calls[2].names, std::vector<std::string>{"stat64"});
  EXPECT_EQ(diff.calls[2].abis, std::vector<Abi>{Abi::kI386});
  // Conditions are the same in words although only the low half of an argument counts on one of them.
  const Diff masked = DiffOf(both(Base()), both(With({.names = {"clone"},
                                                      .action = kAllowAction,
                                                      .conditions = {{0, CompareOp::kMaskedEqual, 0x7e020000, 0}}})));
  ASSERT_EQ(masked.calls.size(), 1U);
  EXPECT_EQ(masked.calls[0].abis.size(), 2U);
}

TEST(DiffTest, OnlyWhatOpensIsARisk) {
  const Risks& risks = *ShippedRisks().value();
  const auto risk = [&](Action before, Action after) {
    return LooserRisk(
        DiffOf(With({.names = {"ptrace"}, .action = before}), With({.names = {"ptrace"}, .action = after})), risks);
  };
  EXPECT_EQ(risk(kEnosys, kAllowAction), RiskLevel::kHigh);
  EXPECT_EQ(risk(kEnosys, {ActionKind::kNotify, 0}), RiskLevel::kHigh);
  EXPECT_EQ(risk(kKillProcess, kEnosys), RiskLevel::kLow);
  EXPECT_EQ(risk(kAllowAction, kEnosys), std::nullopt);
  EXPECT_EQ(risk(kEnosys, kEperm), std::nullopt);
  Profile open = Base();
  open.default_action = {ActionKind::kLog, 0};
  EXPECT_EQ(LooserRisk(DiffOf(Base(), open), risks), RiskLevel::kHigh) << "the names among the default count";
}

TEST(DiffTest, WhatIsNotClearIsSaidAndNotGuessed) {
  Meaning left = MeaningOf(Base(), Abi::kX86_64).value();
  const Meaning right = MeaningOf(With({.names = {"ptrace"}, .action = kAllowAction}), Abi::kX86_64).value();
  const SyscallId ptrace = FindSyscall(Abi::kX86_64, "ptrace").value();
  left.decisions.erase(ptrace);
  left.unclear[ptrace] = "arithmetic";
  const Diff diff = DiffMeanings(left, right).value();
  EXPECT_TRUE(diff.empty());
  ASSERT_EQ(diff.unclear.size(), 1U);
  EXPECT_EQ(diff.unclear[0], (UnclearCall{ptrace, "arithmetic"}));
  Meaning foreign = right;
  foreign.native = Abi::kAarch64;
  EXPECT_TRUE(absl::IsInvalidArgument(DiffMeanings(right, foreign).status()));
}

// The brute force. What the diff says of `id`: nullptr for nothing.
const CallChange* ChangeOf(const Diff& diff, SyscallId id) {
  const std::optional<std::string> name = SyscallName(id);
  const auto speaks_of = [&](const CallChange& change) {
    if (std::ranges::find(change.abis, id.abi) == change.abis.end()) return false;
    return name.has_value() ? std::ranges::binary_search(change.names, *name)
                            : std::ranges::binary_search(change.numbers, id.nr);
  };
  const CallChange* found = nullptr;
  const auto look = [&](const std::vector<CallChange>& changes) {
    for (const CallChange& change : changes) {
      if (!speaks_of(change)) continue;
      EXPECT_EQ(found, nullptr) << DisplayName(id) << " is said to have changed twice";
      found = &change;
    }
  };
  for (const AbiChange& abi : diff.abis) {
    if (abi.abi == id.abi) look(abi.changes);
  }
  look(diff.unnamed);
  look(diff.calls);
  return found;
}

bool Holds(Abi abi, const ArgumentCondition& condition, const Arguments& arguments) {
  const uint64_t mask = ComparesLowHalfOnly(abi) ? 0xffffffff : ~uint64_t{0};
  const uint64_t is = arguments.at(condition.index) & mask;
  const uint64_t value = condition.value & mask;
  switch (condition.op) {
    case CompareOp::kNotEqual:
      return is != value;
    case CompareOp::kLess:
      return is < value;
    case CompareOp::kLessOrEqual:
      return is <= value;
    case CompareOp::kEqual:
      return is == value;
    case CompareOp::kGreaterOrEqual:
      return is >= value;
    case CompareOp::kGreater:
      return is > value;
    case CompareOp::kMaskedEqual:
      return (is & value) == (condition.value_two & mask);
  }
  return false;
}

bool Holds(Abi abi, const ActionChange& answer, const Arguments& arguments) {
  return std::ranges::any_of(answer.when, [&](const std::vector<ArgumentCondition>& conditions) {
    return std::ranges::all_of(conditions, [&](const ArgumentCondition& c) { return Holds(abi, c, arguments); });
  });
}

void CompareWithFilters(const Profile& before, const Profile& after, RandomProfiles& random, const Diff& diff) {
  const FilterProgram left = Compile(before).value();
  const FilterProgram right = Compile(after).value();
  const auto asked = [](const FilterProgram& program, SyscallId id, const Arguments& arguments) {
    return ActionFromReturn(EvaluateStack({&program, 1}, id, arguments));
  };
  for (const Abi abi : AbisServedBeside(Abi::kX86_64)) {
    for (int nr = 0; nr <= kSyscallTableEnd; ++nr) {
      const SyscallId id{abi, nr == kSyscallTableEnd ? kBeyondAllTables : nr};
      if (IsExemptFromSeccomp(id)) continue;
      const CallChange* const change = ChangeOf(diff, id);
      for (const ActionChange& answer : change == nullptr ? std::vector<ActionChange>{} : change->answers) {
        ASSERT_EQ(asked(left, id, answer.example), answer.before) << DisplayName(id);
        ASSERT_EQ(asked(right, id, answer.example), answer.after) << DisplayName(id);
      }
      const bool untold = change != nullptr && std::ranges::any_of(change->answers, [](const ActionChange& answer) {
                            return answer.when.empty();
                          });
      for (int question = 0; question < 24 && !untold; ++question) {
        Arguments arguments;
        for (uint64_t& argument : arguments) argument = random.Value();
        const Action was = asked(left, id, arguments);
        const Action is = asked(right, id, arguments);
        size_t said = 0;
        for (const ActionChange& answer : change == nullptr ? std::vector<ActionChange>{} : change->answers) {
          if (!Holds(abi, answer, arguments)) continue;
          ++said;
          ASSERT_TRUE(answer.before == was && answer.after == is) << DisplayName(id);
        }
        ASSERT_EQ(said, was == is ? 0U : 1U) << DisplayName(id);
      }
    }
  }
}

TEST(DiffTest, AgreesWithTheFiltersOfRandomProfiles) {
  RandomProfiles random(20261124);
  int compared = 0;
  const int rounds = InputsToTry(60, 12);
  for (int round = 0; round < rounds; ++round) {
    const Profile before = random.Next();
    // A near relative and a stranger in turn.
    Profile after = round % 2 == 0 ? random.Next() : before;
    if (round % 2 == 1 && !after.rules.empty()) after.rules.pop_back();
    // libseccomp does not take every combination of rules for one call.
    if (!Compile(before).ok() || !Compile(after).ok()) continue;
    ++compared;
    const Meaning left = MeaningOf(before, Abi::kX86_64).value();
    const Meaning right = MeaningOf(after, Abi::kX86_64).value();
    const Diff diff = DiffMeanings(left, right).value();
    EXPECT_EQ(diff.empty(), Equal(left, right).value());
    CompareWithFilters(before, after, random, diff);
    if (HasFatalFailure()) FAIL() << "round " << round;
    // What is looser in one direction is tighter in the other.
    const Diff back = DiffMeanings(right, left).value();
    EXPECT_EQ(diff.looser, back.tighter);
    EXPECT_EQ(diff.tighter, back.looser);
    EXPECT_TRUE(DiffMeanings(left, left).value().empty());
  }
  EXPECT_GT(compared, rounds / 2);
}

// What `diff`, `subset` and `merge` answer about one pair.
TEST(DiffTest, AgreesWithTheAlgebraOnRandomPairs) {
  const char* const wanted = std::getenv("SYSCARVE_PAIRS");
  const auto pairs = static_cast<uint32_t>(wanted == nullptr ? InputsToTry(200, 40) : std::atoi(wanted));
  const char* const from = std::getenv("SYSCARVE_FIRST_PAIR");
  const auto first = static_cast<uint32_t>(from == nullptr ? 0 : std::atoi(from));
  uint32_t same = 0;
  uint32_t killed_otherwise = 0;
  for (uint32_t seed = first; seed < first + pairs && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    NarrowProfiles profiles(seed);
    const Profile a = profiles.Next();
    const Profile b = profiles.Variation(a);
    const Meaning left = MeaningOfText(a, Abi::kX86_64).value();
    const Meaning right = MeaningOfText(b, Abi::kX86_64).value();
    const Diff diff = DiffMeanings(left, right).value();
    const bool left_is_subset = !FindCounterexample(left, right).value().has_value();
    const bool right_is_subset = !FindCounterexample(right, left).value().has_value();
    EXPECT_EQ(diff.tighter, !left_is_subset);
    EXPECT_EQ(diff.looser, !right_is_subset);
    EXPECT_EQ(VerdictOf(diff) == "same", left_is_subset && right_is_subset);
    // The union of what is alike adds nothing, in whatever way it refuses; nor does the intersection take any away.
    const Diff from_union = DiffMeanings(left, Union(left, right).value()).value();
    EXPECT_FALSE(from_union.tighter);
    EXPECT_EQ(from_union.looser, diff.looser);
    const Diff from_intersection = DiffMeanings(left, Intersection(left, right).value()).value();
    EXPECT_FALSE(from_intersection.looser);
    EXPECT_EQ(from_intersection.tighter, diff.tighter);
    if (VerdictOf(diff) == "same") ++same;
    if (VerdictOf(diff) == "same" && !diff.empty()) ++killed_otherwise;
  }
  EXPECT_GT(same, pairs / 50);
  EXPECT_GT(killed_otherwise, pairs / 500);
}

}  // namespace
}  // namespace syscarve
