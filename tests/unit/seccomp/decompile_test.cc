// SPDX-License-Identifier: Apache-2.0
// Filters folded back into profiles: equal on every number of every ABI, or refused, or warned of and stricter.
#include "userspace/seccomp/decompile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "tests/unit/actions.h"
#include "tests/unit/effort.h"
#include "tests/unit/seccomp/filter_stack.h"
#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/verify.h"

namespace syscarve {
namespace {

constexpr Abi kX86Family[] = {Abi::kX86_64, Abi::kI386, Abi::kX32};

ActionKind Kind(std::span<const FilterProgram> stack, SyscallId id, const Arguments& arguments) {
  return ActionFromReturn(EvaluateStack(stack, id, arguments)).kind;
}

struct Differences {
  std::set<std::string> named;
  std::set<SyscallId> unnamed;
  bool wider = false;
};

// Asks both with arguments of all kinds; `values` are those that conditions are likely to be about.
Differences Compare(std::span<const FilterProgram> stack, const Profile& folded, const std::vector<uint64_t>& values,
                    int questions) {
  const FilterProgram made = Compile(folded).value();
  std::mt19937 random(static_cast<uint32_t>(values.size()));
  Differences differences;
  for (const Abi abi : kX86Family) {
    for (const int nr : NumbersToProve(abi)) {
      const SyscallId id{abi, nr};
      for (int question = 0; question < questions; ++question) {
        Arguments arguments{};
        for (uint64_t& argument : arguments) {
          const uint64_t value = values[random() % values.size()];
          switch (random() % 6) {
            case 0:
              argument = value + 1;
              break;
            case 1:
              argument = value - 1;
              break;
            case 2:
              argument = value | uint64_t{random()} << 32;  // A dirty upper half.
              break;
            case 3:
              argument = uint64_t{random()} << 32 | random();
              break;
            default:
              argument = value;
          }
        }
        // An ABI that is left out is killed, and one warning speaks of it.
        if (std::find(folded.abis.begin(), folded.abis.end(), abi) == folded.abis.end()) {
          differences.wider = differences.wider || Kind(stack, id, arguments) > ActionKind::kErrno;
          continue;
        }
        const Action live = ActionFromReturn(EvaluateStack(stack, id, arguments));
        const Action answer = ActionFromReturn(EvaluateStack({&made, 1}, id, arguments));
        if (live == answer) continue;
        const auto name = SyscallName(id);
        if (name.has_value()) {
          differences.named.insert(*name);
        } else {
          differences.unnamed.insert(id);
        }
        differences.wider = differences.wider || answer.kind > std::max(live.kind, ActionKind::kKillThread);
      }
    }
  }
  return differences;
}

const std::vector<uint64_t> kValues = {
    0,           1, 2, 3, 8, 40, 0x20000, 0x20008, 0x7e020000, 0xffffffff, uint64_t{1} << 32, (uint64_t{1} << 32) + 2,
    ~uint64_t{0}};

DecompiledProfile Fold(const Profile& profile, Bound mode = Bound::kExact) {
  const FilterProgram program = Compile(profile).value();
  absl::StatusOr<DecompiledProfile> folded = DecompileFilters({&program, 1}, Abi::kX86_64, mode);
  EXPECT_TRUE(folded.ok()) << folded.status();
  return folded.ok() ? *std::move(folded) : DecompiledProfile{};
}

// The rules of `profile` that name `name`, without their names.
std::vector<Rule> RulesOf(const Profile& profile, std::string_view name) {
  std::vector<Rule> rules;
  for (Rule rule : profile.rules) {
    if (std::find(rule.names.begin(), rule.names.end(), name) == rule.names.end()) continue;
    rule.names.clear();
    rules.push_back(std::move(rule));
  }
  return rules;
}

Rule RuleWhen(Action action, std::vector<ArgumentCondition> conditions) {
  return {.action = action, .conditions = std::move(conditions)};
}

TEST(FilterProfileTest, RandomProfilesComeBackExactly) {
  int folded_exactly = 0;
  int compiled = 0;
  const int seeds = InputsToTry(14, 5);
  for (uint32_t seed = 0; seed < static_cast<uint32_t>(seeds); ++seed) {
    const Profile profile = RandomProfiles(seed).Next();
    const absl::StatusOr<FilterProgram> program = Compile(profile);
    if (!program.ok()) continue;
    ++compiled;
    const auto folded = DecompileFilters({&*program, 1}, Abi::kX86_64, Bound::kExact);
    if (!folded.ok()) {
      EXPECT_EQ(folded.status().code(), absl::StatusCode::kUnimplemented) << folded.status();
      continue;
    }
    ++folded_exactly;
    const Differences differences = Compare({&*program, 1}, folded->profile, kValues, 8);
    EXPECT_TRUE(differences.named.empty()) << "seed " << seed << ": " << *differences.named.begin();
    EXPECT_TRUE(differences.unnamed.empty()) << "seed " << seed;
    EXPECT_TRUE(folded->warnings.empty()) << folded->warnings[0];
    EXPECT_EQ(FormatProfile(folded->profile), FormatProfile(Fold(folded->profile).profile)) << "a fixed point";
  }
  EXPECT_GT(compiled, seeds / 2);
  EXPECT_GE(folded_exactly, compiled * 9 / 10) << "of " << compiled;
}

TEST(FilterProfileTest, StacksAreFoldedTogetherAndNothingIsLetThroughThatTheyRefuse) {
  int folded_stacks = 0;
  const int seeds = InputsToTry(10, 4);
  for (uint32_t seed = 100; seed < 100 + static_cast<uint32_t>(seeds); ++seed) {
    std::vector<FilterProgram> stack;
    for (uint32_t i = 0; i < 2; ++i) {
      const absl::StatusOr<FilterProgram> program = Compile(RandomProfiles(2 * seed + i).Next());
      if (program.ok()) stack.push_back(*program);
    }
    if (stack.size() < 2) continue;
    const auto folded = DecompileFilters(stack, Abi::kX86_64, Bound::kAtMost);
    ASSERT_TRUE(folded.ok()) << "seed " << seed << ": " << folded.status();
    ++folded_stacks;
    const Differences differences = Compare(stack, folded->profile, kValues, 8);
    EXPECT_FALSE(differences.wider) << "seed " << seed;
    for (const std::string& name : differences.named) {
      EXPECT_TRUE(std::any_of(folded->warnings.begin(), folded->warnings.end(),
                              [&](const std::string& warning) { return warning.find(name) != std::string::npos; }))
          << "seed " << seed << ": " << name << " differs without a warning";
    }
  }
  EXPECT_GT(folded_stacks, seeds / 2);
}

// The conditions that engines use, over default EPERM.
TEST(FilterProfileTest, ConditionsComeBackAsTheyWereWritten) {
  Profile profile{.default_action = kEperm, .abis = {Abi::kX86_64, Abi::kI386, Abi::kX32}};
  const std::vector<Rule> personality = {RuleWhen(kAllowAction, {{0, CompareOp::kEqual, 0}}),
                                         RuleWhen(kAllowAction, {{0, CompareOp::kEqual, 8}}),
                                         RuleWhen(kAllowAction, {{0, CompareOp::kEqual, 0x20000}}),
                                         RuleWhen(kAllowAction, {{0, CompareOp::kEqual, 0x20008}}),
                                         RuleWhen(kAllowAction, {{0, CompareOp::kEqual, 0xffffffff}})};
  const std::vector<Rule> clone = {RuleWhen(kAllowAction, {{0, CompareOp::kMaskedEqual, 0x7e020000, 0}})};
  const std::vector<Rule> socket = {RuleWhen(kAllowAction, {{0, CompareOp::kNotEqual, 40}})};
  const std::vector<Rule> range = {
      RuleWhen(kAllowAction, {{1, CompareOp::kLessOrEqual, 5}, {2, CompareOp::kGreaterOrEqual, 7}})};
  const std::vector<Rule> two = {RuleWhen(kAllowAction, {{0, CompareOp::kEqual, 1}}),
                                 RuleWhen(kAllowAction, {{1, CompareOp::kEqual, 2}})};
  const std::vector<std::pair<std::string, std::vector<Rule>>> written = {
      {"personality", personality}, {"clone", clone}, {"socket", socket}, {"lseek", range}, {"ioctl", two}};
  for (const auto& [name, rules] : written) {
    for (Rule rule : rules) {
      rule.names = {name};
      profile.rules.push_back(rule);
    }
  }
  profile.rules.push_back({.names = {"read", "write", "fcntl64"}, .action = kAllowAction});
  profile.rules.push_back({.names = {"clone3"}, .action = kEnosys});
  const Profile folded = Fold(profile).profile;
  EXPECT_EQ(folded.default_action, kEperm);
  EXPECT_EQ(folded.abis, profile.abis);
  for (const auto& [name, rules] : written) EXPECT_EQ(RulesOf(folded, name), rules) << name << FormatProfile(folded);
  EXPECT_EQ(RulesOf(folded, "clone3"), std::vector<Rule>{RuleWhen(kEnosys, {})});
  EXPECT_TRUE(RulesOf(folded, "socketcall").empty()) << "the rules of socket speak of it";
}

// A filter that does not look at the architecture means something else by each number on each ABI.
TEST(FilterProfileTest, AnAbiBlindFilterIsAnsweredMoreStrictlyByName) {
  const FilterProgram blind = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 110, 0, 1),
                               BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
                               BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const absl::Status exact = DecompileFilters({&blind, 1}, Abi::kX86_64, Bound::kExact).status();
  EXPECT_EQ(exact.code(), absl::StatusCode::kUnimplemented);
  EXPECT_NE(std::string(exact.message()).find("getppid"), std::string::npos) << exact;
  const auto folded = DecompileFilters({&blind, 1}, Abi::kX86_64, Bound::kAtMost).value();
  EXPECT_EQ(folded.profile.default_action, kAllowAction);
  const Differences differences = Compare({&blind, 1}, folded.profile, kValues, 2);
  EXPECT_FALSE(differences.wider);
  EXPECT_EQ(differences.named, (std::set<std::string>{"getppid", "iopl"}));
  ASSERT_EQ(folded.warnings.size(), 1U);
  EXPECT_NE(folded.warnings[0].find("iopl"), std::string::npos);
}

TEST(FilterProfileTest, NumbersOfTheFutureMayBeAnsweredDifferently) {
  // As runc does: a stub in front that answers ENOSYS beyond the largest number that it knows.
  Profile profile{.default_action = kEperm,
                  .abis = {Abi::kX86_64},
                  .rules = {{.names = {"read", "write"}, .action = kAllowAction}}};
  FilterProgram stub = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4),
                        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AuditArch(Abi::kX86_64), 0, 4),
                        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, kX32Bit, 2, 0),
                        BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 460, 0, 1),
                        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS)};
  const auto fold = [&] {
    FilterProgram program = stub;
    const FilterProgram compiled = Compile(profile).value();
    program.insert(program.end(), compiled.begin(), compiled.end());
    const DecompiledProfile folded = DecompileFilters({&program, 1}, Abi::kX86_64, Bound::kExact).value();
    const Differences differences = Compare({&program, 1}, folded.profile, kValues, 6);
    EXPECT_TRUE(differences.named.empty());
    EXPECT_FALSE(differences.wider);
    return folded;
  };
  DecompiledProfile folded = fold();
  EXPECT_EQ(folded.profile.default_action, kEnosys);
  ASSERT_EQ(folded.warnings.size(), 1U);
  EXPECT_NE(folded.warnings[0].find("without a name meet EPERM in the filter and ENOSYS"), std::string::npos)
      << folded.warnings[0];
  // What a call with conditions gets otherwise can only be the default when its complement cannot be written.
  for (const uint64_t value : {0x0, 0x8, 0x20000, 0x20008, 0x7fffffff}) {
    profile.rules.push_back(
        {.names = {"personality"}, .action = kAllowAction, .conditions = {{0, CompareOp::kEqual, value}}});
  }
  folded = fold();
  EXPECT_EQ(folded.profile.default_action, kEperm);
  ASSERT_EQ(folded.warnings.size(), 1U);
  EXPECT_NE(folded.warnings[0].find("without a name meet ENOSYS in the filter and EPERM"), std::string::npos)
      << folded.warnings[0];
}

// A filter that looks at upper halves on every ABI, which a profile cannot on those with 32 bits.
TEST(FilterProfileTest, ConditionsOnUpperHalvesAreStricterWhereTheyCannotBeWritten) {
  const FilterProgram program = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 39, 1, 0),  // getpid; mkdir on i386.
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                                 BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x1234, 1, 0),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                                 BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 7919, 1, 0),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 7),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  ASSERT_TRUE(ValidateFilter(program).ok());
  const auto folded = DecompileFilters({&program, 1}, Abi::kX86_64, Bound::kAtMost);
  ASSERT_TRUE(folded.ok()) << folded.status();
  const Differences differences = Compare({&program, 1}, folded->profile, {1, 7919, 0x123400000001, 0x1234}, 8);
  EXPECT_FALSE(differences.wider);
  EXPECT_FALSE(folded->warnings.empty());
  const std::vector<AbiSummary> described = DescribeFilters({&program, 1}, Abi::kX86_64).value();
  const auto mkdir = std::find_if(described[1].calls.begin(), described[1].calls.end(),
                                  [](const CallSummary& call) { return call.id.nr == 39; });
  ASSERT_EQ(mkdir->answers.size(), 2U);
  EXPECT_EQ(mkdir->answers[0].conditions, (std::vector<ArgumentCondition>{{0, CompareOp::kEqual, 0x123400000001, 0}}));
}

TEST(FilterProfileTest, AnAbiThatIsRefusedAsAWholeIsLeftOut) {
  const DecompiledProfile folded =
      Fold({.default_action = kEnosys, .abis = {Abi::kX86_64}, .rules = {{.names = {"read"}, .action = kAllowAction}}});
  EXPECT_EQ(folded.profile.abis, std::vector<Abi>{Abi::kX86_64});
  EXPECT_TRUE(folded.warnings.empty());
  const FilterProgram all = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const auto allowing = DecompileFilters({&all, 1}, Abi::kX86_64, Bound::kExact).value().profile;
  EXPECT_EQ(allowing.default_action, kAllowAction);
  EXPECT_EQ(allowing.abis.size(), 3U);
  EXPECT_TRUE(allowing.rules.empty());
}

TEST(FilterProfileTest, WhatTheKernelWouldNotTakeIsRefused) {
  const FilterProgram broken = {BPF_STMT(BPF_LD | BPF_IMM, 1)};
  EXPECT_EQ(DecompileFilters({&broken, 1}, Abi::kX86_64, Bound::kAtMost).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DecompileFilters({}, Abi::kX86_64, Bound::kAtMost).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(FilterProfileTest, ADecisionThatCannotBeToldIsTakenForARefusal) {
  // getpid by arithmetic on an argument; the rest is allowed.
  const FilterProgram program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 39, 0, 4),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16),       BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 5),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 13),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  ASSERT_TRUE(ValidateFilter(program).ok()) << ValidateFilter(program);
  EXPECT_EQ(DecompileFilters({&program, 1}, Abi::kX86_64, Bound::kExact).status().code(),
            absl::StatusCode::kUnimplemented);
  const auto folded = DecompileFilters({&program, 1}, Abi::kX86_64, Bound::kAtMost).value();
  EXPECT_EQ(RuleEvaluator(folded.profile).Decide({Abi::kX86_64, 39}, {}).kind, ActionKind::kKillProcess);
  ASSERT_FALSE(folded.warnings.empty());
  EXPECT_NE(folded.warnings[0].find("getpid"), std::string::npos) << folded.warnings[0];
  const auto described = DescribeFilters({&program, 1}, Abi::kX86_64).value();
  const auto getpid = std::find_if(described[0].calls.begin(), described[0].calls.end(),
                                   [](const CallSummary& call) { return call.id.nr == 39; });
  EXPECT_FALSE(getpid->unclear.empty());
}

TEST(DescribeFiltersTest, TellsTheAnswersOfEachAbi) {
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64, Abi::kI386}};
  profile.rules = {{.names = {"read"}, .action = kAllowAction},
                   {.names = {"personality"}, .action = kAllowAction, .conditions = {{0, CompareOp::kEqual, 8}}}};
  const FilterProgram program = Compile(profile).value();
  const std::vector<AbiSummary> described = DescribeFilters({&program, 1}, Abi::kX86_64).value();
  ASSERT_EQ(described.size(), 3U);
  EXPECT_EQ(described[2].abi, Abi::kX32);
  EXPECT_EQ(described[2].everything, (Action{ActionKind::kKillThread, 0}));
  EXPECT_TRUE(described[2].calls.empty());
  for (const AbiSummary& abi : {described[0], described[1]}) {
    EXPECT_EQ(abi.unknown, kEnosys);
    for (const CallSummary& call : abi.calls) {
      const std::string name = SyscallName(call.id).value();
      EXPECT_EQ(call.answers.size(), name == "personality" ? 1U : 0U) << name;
      EXPECT_EQ(call.otherwise, name == "read" ? kAllowAction : kEnosys) << name;
    }
  }
}

}  // namespace
}  // namespace syscarve
