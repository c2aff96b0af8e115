// SPDX-License-Identifier: Apache-2.0
// Profiles as mathematics, against brute force: what rules mean against RuleEvaluator, and what filters decide against
// Evaluate, asked for every value that makes a difference (narrow_profiles.h).
#include "userspace/seccomp/algebra.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/actions.h"
#include "tests/unit/effort.h"
#include "tests/unit/seccomp/filter_stack.h"
#include "tests/unit/seccomp/narrow_profiles.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/seccomp/verify.h"

namespace syscarve {
namespace {

using Answerer = std::function<Action(SyscallId, const Arguments&)>;
using Choice = std::function<Action(Action, Action)>;

Action Capped(Action action) {
  if (action.kind == ActionKind::kErrno) action.value = std::min(action.value, kMaxErrno);
  return action;
}

Answerer ByRules(const Profile& profile) {
  return [decider = RuleEvaluator(profile)](SyscallId id, const Arguments& arguments) {
    return Capped(decider.Decide(id, arguments));
  };
}

Answerer ByFilter(const FilterProgram& program) {
  return [program](SyscallId id, const Arguments& arguments) {
    return Capped(ActionFromReturn(EvaluateStack({&program, 1}, id, arguments)));
  };
}

// The order and the ties, spelled out once more.
Action LessRestrictive(Action a, Action b) {
  return static_cast<int>(b.kind) > static_cast<int>(a.kind) ? b : a;
}
Action MoreRestrictive(Action a, Action b) {
  return static_cast<int>(b.kind) < static_cast<int>(a.kind) ? b : a;
}
bool IsMade(Action a) {
  return a.kind == ActionKind::kAllow || a.kind == ActionKind::kLog;
}
Action OnlyInFirst(Action a, Action b) {
  return IsMade(a) && !IsMade(b) ? a : kEnosys;
}
// Both kinds of killing let through the same: nothing.
int Rank(Action a) {
  return std::max(static_cast<int>(a.kind), static_cast<int>(ActionKind::kKillThread));
}

// All questions and their answers.
class Truth {
 public:
  Truth(const std::vector<Arguments>& questions, const Answerer& answer) : questions_(questions) {
    for (const SyscallId id : NarrowProfiles::Calls()) {
      std::vector<Action>& answers = answers_[id];
      for (const Arguments& arguments : questions) answers.push_back(answer(id, arguments));
    }
  }
  Truth(const Truth& a, const Truth& b, const Choice& choose) : questions_(a.questions_) {
    for (const auto& [id, answers] : a.answers_) {
      for (size_t i = 0; i < answers.size(); ++i) answers_[id].push_back(choose(answers[i], b.answers_.at(id)[i]));
    }
  }

  // What `differ(truth, made)` finds between this and `meaning`, or "".
  std::string Differing(const Meaning& meaning) const {
    for (const auto& [id, answers] : answers_) {
      for (size_t i = 0; i < answers.size(); ++i) {
        const std::optional<Action> made = ActionFor(meaning, id, questions_[i]);
        if (made != answers[i]) return DisplayName(id) + ", question " + std::to_string(i);
      }
    }
    return "";
  }

  std::string Widened(const Truth& made, bool exactly) const {
    for (const auto& [id, answers] : answers_) {
      for (size_t i = 0; i < answers.size(); ++i) {
        const Action other = made.answers_.at(id)[i];
        if (exactly ? other != answers[i] : Rank(other) > Rank(answers[i])) {
          return DisplayName(id) + ", question " + std::to_string(i);
        }
      }
    }
    return "";
  }

  bool IsSubsetOf(const Truth& other) const {
    for (const auto& [id, answers] : answers_) {
      for (size_t i = 0; i < answers.size(); ++i) {
        if (Rank(answers[i]) > Rank(other.answers_.at(id)[i])) return false;
      }
    }
    return true;
  }

  bool operator==(const Truth& other) const { return answers_ == other.answers_; }

 private:
  const std::vector<Arguments>& questions_;
  std::map<SyscallId, std::vector<Action>> answers_;
};

struct Tally {
  size_t pairs = 0;
  size_t compiled = 0;  // Pairs of which libseccomp made two filters.
  size_t miscompiled = 0;
  size_t subsets = 0;
  size_t equal = 0;
  size_t normalised = 0;
  size_t exactly = 0;
  size_t covered = 0;
};

void ExpectSubsetAsTruth(const Meaning& left, const Meaning& right, const Truth& left_truth, const Truth& right_truth,
                         const Answerer& left_answers, const Answerer& right_answers, Tally& tally) {
  const std::optional<Counterexample> example = FindCounterexample(left, right).value();
  EXPECT_EQ(!example.has_value(), left_truth.IsSubsetOf(right_truth));
  if (!example.has_value()) {
    ++tally.subsets;
    return;
  }
  EXPECT_GT(Rank(example->left), Rank(example->right));
  EXPECT_EQ(left_answers(example->id, example->arguments), example->left) << DisplayName(example->id);
  EXPECT_EQ(right_answers(example->id, example->arguments), example->right) << DisplayName(example->id);
}

Meaning Combined(int operation, const Meaning& a, const Meaning& b) {
  switch (operation) {
    case 0:
      return Union(a, b).value();
    case 1:
      return Intersection(a, b).value();
    default:
      return Minus(a, b, kEnosys).value();
  }
}

const Choice kChoices[] = {LessRestrictive, MoreRestrictive, OnlyInFirst};

void ExpectAlgebra(const Meaning& a, const Meaning& b, const Truth& truth_a, const Truth& truth_b,
                   const Answerer& answers_a, const Answerer& answers_b, Tally& tally) {
  EXPECT_EQ(truth_a.Differing(a), "");
  EXPECT_EQ(truth_b.Differing(b), "");
  ExpectSubsetAsTruth(a, b, truth_a, truth_b, answers_a, answers_b, tally);
  ExpectSubsetAsTruth(b, a, truth_b, truth_a, answers_b, answers_a, tally);
  const bool equal = Equal(a, b).value();
  EXPECT_EQ(equal, truth_a == truth_b);
  if (equal) ++tally.equal;
  for (int operation = 0; operation < 3; ++operation) {
    const Truth expected(truth_a, truth_b, kChoices[operation]);
    EXPECT_EQ(expected.Differing(Combined(operation, a, b)), "") << "operation " << operation;
  }
  EXPECT_EQ(FindCounterexample(a, Union(a, b).value()).value(), std::nullopt);
  EXPECT_EQ(FindCounterexample(Intersection(a, b).value(), a).value(), std::nullopt);
}

// The normal form of what one operation makes of two profiles, which are `a` and `b` again when it is compiled.
void ExpectNormalForm(int operation, const Profile& a, const Profile& b, const std::vector<Arguments>& questions,
                      const Truth& truth_a, const Truth& truth_b, Tally& tally) {
  const auto normalised = [&](const std::vector<const Profile*>& order) {
    const auto sets = std::make_shared<ArgumentSets>();
    for (const Profile* const profile : order) (void)WithSets(MeaningOf(*profile, Abi::kX86_64).value(), sets);
    const Meaning whole = Combined(operation, WithSets(MeaningOf(a, Abi::kX86_64).value(), sets).value(),
                                   MeaningOf(b, Abi::kX86_64).value());
    return Decompile(whole, Bound::kAtMost, "the result");
  };
  const absl::StatusOr<DecompiledProfile> made = normalised({});
  if (!made.ok()) {
    EXPECT_EQ(made.status().code(), absl::StatusCode::kUnimplemented) << made.status();
    return;
  }
  ++tally.normalised;
  const bool exactly = made->warnings.empty();
  if (exactly) ++tally.exactly;
  const Truth expected(truth_a, truth_b, kChoices[operation]);
  const Truth of_made(questions, ByFilter(Compile(made->profile).value()));
  EXPECT_EQ(expected.Widened(of_made, exactly), "") << FormatProfile(made->profile);
  const std::string text = FormatProfile(made->profile);
  EXPECT_EQ(FormatProfile(normalised({&b, &a})->profile), text) << "however the sets came about";
  if (!exactly) return;
  const Meaning again = MeaningOf(made->profile, Abi::kX86_64).value();
  EXPECT_EQ(FormatProfile(Decompile(again, Bound::kExact, "it")->profile), text) << "a fixed point";
}

// A profile made of a union that refuses nothing that the union lets through.
void ExpectCovered(const Profile& a, const Profile& b, Tally& tally) {
  const Meaning whole = Union(MeaningOf(a, Abi::kX86_64).value(), MeaningOf(b, Abi::kX86_64).value()).value();
  const absl::StatusOr<DecompiledProfile> covering = Decompile(whole, Bound::kAtLeast, "the union");
  if (!covering.ok()) {
    EXPECT_EQ(covering.status().code(), absl::StatusCode::kUnimplemented) << covering.status();
    return;
  }
  ++tally.covered;
  const Meaning made = WithSets(MeaningOf(covering->profile, Abi::kX86_64).value(), whole.sets).value();
  for (const auto& [id, decision] : whole.decisions) {
    if (!SyscallName(id).has_value()) continue;
    EXPECT_NE(CompareDecisions(*whole.sets, made.decisions.at(id), decision).value(), Comparison::kLooser)
        << DisplayName(id) << " " << FormatProfile(covering->profile);
  }
}

void ExpectPair(uint32_t seed, bool normal_form, Tally& tally) {
  NarrowProfiles profiles(seed);
  const Profile a = profiles.Next();
  const Profile b = profiles.Variation(a);
  const std::vector<Arguments> questions = profiles.Questions();
  ++tally.pairs;
  const Truth rules_a(questions, ByRules(a));
  const Truth rules_b(questions, ByRules(b));
  ExpectAlgebra(MeaningOfText(a, Abi::kX86_64).value(), MeaningOfText(b, Abi::kX86_64).value(), rules_a, rules_b,
                ByRules(a), ByRules(b), tally);

  const absl::StatusOr<FilterProgram> filter_a = Compile(a);
  const absl::StatusOr<FilterProgram> filter_b = Compile(b);
  if (!filter_a.ok() || !filter_b.ok()) return;
  ++tally.compiled;
  const Truth truth_a(questions, ByFilter(*filter_a));
  const Truth truth_b(questions, ByFilter(*filter_b));
  if (!(truth_a == rules_a)) ++tally.miscompiled;
  ExpectAlgebra(MeaningOf(a, Abi::kX86_64).value(), MeaningOf(b, Abi::kX86_64).value(), truth_a, truth_b,
                ByFilter(*filter_a), ByFilter(*filter_b), tally);
  if (!normal_form) return;
  ExpectNormalForm(static_cast<int>(seed % 3), a, b, questions, truth_a, truth_b, tally);
  if (seed % 3 == 0) ExpectCovered(a, b, tally);
}

TEST(AlgebraTest, RandomPairsAgreeWithBruteForce) {
  // A few, or as many as the environment has (CMakeLists.txt). Some results are also written as profiles, which takes
  // longer than all the rest.
  const char* const wanted = std::getenv("SYSCARVE_PAIRS");
  const auto pairs = static_cast<uint32_t>(wanted == nullptr ? InputsToTry(120, 24) : std::atoi(wanted));
  constexpr uint32_t kWrittenEvery = 8;
  const char* const from = std::getenv("SYSCARVE_FIRST_PAIR");
  const auto first = static_cast<uint32_t>(from == nullptr ? 0 : std::atoi(from));
  Tally tally;
  for (uint32_t seed = first; seed < first + pairs && !HasFailure(); ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    ExpectPair(seed, seed % kWrittenEvery == 0, tally);
  }
  std::printf(
      "%zu pairs of profiles, %zu of them compiled (%zu first ones otherwise than written); %zu times a subset, %zu "
      "times equal; %zu results written as profiles, %zu exactly, and %zu unions covered\n",
      tally.pairs, tally.compiled, tally.miscompiled, tally.subsets, tally.equal, tally.normalised, tally.exactly,
      tally.covered);
  EXPECT_EQ(tally.pairs, pairs);
  EXPECT_GT(tally.compiled, pairs / 4);
  EXPECT_GT(tally.subsets, pairs / 10);
  EXPECT_GT(tally.equal, pairs / 50);
  EXPECT_GT(tally.exactly, pairs / 20 / kWrittenEvery);
  // One pair of 24, and not each of these has a union that can be covered.
  if (pairs >= 120) EXPECT_GT(tally.covered, pairs / 20 / kWrittenEvery);
}

// All later ArgumentSets of the test can hold a few nodes only.
class TinySets {
 public:
  TinySets() { ArgumentSets::LimitNodes(40); }
  ~TinySets() { ArgumentSets::LimitNodes(size_t{1} << 20); }
};

// Of what cannot be told nothing is told: not that it is a subset, and not that it is equal.
TEST(AlgebraTest, ExhaustedSetsAreAnErrorEverywhere) {
  const Profile plain{.default_action = kEnosys, .abis = {Abi::kX86_64}};
  Profile conditional = plain;
  for (const unsigned index : {0U, 1U}) {
    conditional.rules.push_back({.names = {"getpid"},
                                 .action = {ActionKind::kAllow, 0},
                                 .conditions = {{index, CompareOp::kMaskedEqual, 0x5555'5555'5555, 0x1111'1111'1111}}});
  }
  const Meaning whole = MeaningOf(conditional, Abi::kX86_64).value();
  const FilterProgram filter = Compile(conditional).value();

  const TinySets tiny;
  const auto sets = std::make_shared<ArgumentSets>();
  const SyscallId getpid = FindSyscall(Abi::kX86_64, "getpid").value();
  EXPECT_TRUE(absl::IsResourceExhausted(DecisionOf({&filter, 1}, getpid, *sets).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(sets->status()));
  EXPECT_TRUE(absl::IsResourceExhausted(MeaningOf(conditional, Abi::kX86_64).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(MeaningOfText(conditional, Abi::kX86_64).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(WithSets(whole, std::make_shared<ArgumentSets>()).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(VerifyProfile(conditional, Abi::kX86_64, {"getpid"}, {"getpid"})));
  EXPECT_TRUE(absl::IsResourceExhausted(Decompile(whole, Bound::kAtMost, "it").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Decompile(whole, Bound::kAtLeast, "it").status()));
  EXPECT_TRUE(absl::IsResourceExhausted(DecompileFilters({&filter, 1}, Abi::kX86_64, Bound::kExact).status()));

  // An operand that fits, and one that does not.
  const Meaning small = MeaningOf(plain, Abi::kX86_64).value();
  EXPECT_TRUE(absl::IsResourceExhausted(FindCounterexample(small, whole).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Equal(small, whole).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Union(small, whole).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Intersection(small, whole).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(Minus(small, whole, kEnosys).status()));
  EXPECT_TRUE(absl::IsResourceExhausted(
      CompareDecisions(*sets, {{kEnosys, ArgumentSets::kAll}}, {{kAllowAction, ArgumentSets::kAll}}).status()));
}

TEST(AlgebraTest, SetsOfAnotherMakerAreAnError) {
  ArgumentSets own;
  ArgumentSets other;
  const auto set = own.FromTest({.index = 0, .constant = 1});
  EXPECT_DEATH((void)other.Not(set), "");
}

}  // namespace
}  // namespace syscarve
