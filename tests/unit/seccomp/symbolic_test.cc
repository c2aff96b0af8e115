// SPDX-License-Identifier: Apache-2.0
// Following filters with the arguments left open, against Evaluate with the arguments given.
#include "userspace/seccomp/symbolic.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "tests/unit/effort.h"
#include "tests/unit/seccomp/filter_stack.h"
#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr SyscallId kGetpid{Abi::kX86_64, 39};
constexpr uint32_t kArguments = 16;  // Where seccomp_data's arguments begin.

bool Holds(const WordTest& test, const Arguments& arguments) {
  const auto word = static_cast<uint32_t>(arguments[test.index] >> (test.high ? 32 : 0)) & test.mask;
  switch (test.op) {
    case WordTestOp::kEqual:
      return word == test.constant;
    case WordTestOp::kNotEqual:
      return word != test.constant;
    case WordTestOp::kGreater:
      return word > test.constant;
    case WordTestOp::kLessOrEqual:
      return word <= test.constant;
    case WordTestOp::kGreaterOrEqual:
      return word >= test.constant;
    case WordTestOp::kLess:
      return word < test.constant;
    case WordTestOp::kSet:
      return (word & test.constant) != 0;
    case WordTestOp::kClear:
      return (word & test.constant) == 0;
  }
  return false;
}

// Exactly one path takes `arguments`, with the answer that the filters give.
void ExpectOnePath(const std::vector<FilterPath>& paths, std::span<const FilterProgram> stack, SyscallId id,
                   const Arguments& arguments) {
  size_t taken = 0;
  for (const FilterPath& path : paths) {
    if (!std::all_of(path.tests.begin(), path.tests.end(), [&](const auto& test) { return Holds(test, arguments); })) {
      continue;
    }
    ++taken;
    EXPECT_EQ(path.result, EvaluateStack(stack, id, arguments)) << DisplayName(id);
  }
  EXPECT_EQ(taken, 1U) << DisplayName(id);
}

uint32_t RandomWord(std::mt19937& random) {
  constexpr uint32_t kInteresting[] = {0, 1, 2, 3, 4, 7, 8, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
  return random() % 2 == 0 ? kInteresting[random() % std::size(kInteresting)] : static_cast<uint32_t>(random());
}

Arguments RandomArguments(std::mt19937& random) {
  Arguments arguments;
  for (uint64_t& argument : arguments) argument = uint64_t{RandomWord(random)} << 32 | RandomWord(random);
  return arguments;
}

TEST(ArgumentSetsTest, TestsAreTheirOwnMeaning) {
  std::mt19937 random(1);
  for (int round = 0; round < 100; ++round) {
    ArgumentSets sets;
    WordTest test{.index = static_cast<unsigned>(random() % 6),
                  .high = random() % 2 == 0,
                  .mask = random() % 2 == 0 ? 0xffffffff : RandomWord(random),
                  .op = static_cast<WordTestOp>(random() % 8),
                  .constant = RandomWord(random)};
    const ArgumentSets::Set set = sets.FromTest(test);
    const auto contains = [&](const Arguments& arguments) {
      ArgumentSets::Set point = ArgumentSets::kAll;
      for (unsigned index = 0; index < 6; ++index) {
        for (const bool high : {false, true}) {
          point =
              sets.And(point, sets.FromTest({.index = index,
                                             .high = high,
                                             .constant = static_cast<uint32_t>(arguments[index] >> (high ? 32 : 0))}));
        }
      }
      return sets.And(point, set) != ArgumentSets::kNone;
    };
    for (int question = 0; question < 3; ++question) {
      Arguments arguments = RandomArguments(random);
      if (question == 0) arguments[test.index] = uint64_t{test.constant} << (test.high ? 32 : 0);
      EXPECT_EQ(contains(arguments), Holds(test, arguments)) << round;
    }
    if (set != ArgumentSets::kNone) {
      EXPECT_TRUE(Holds(test, sets.Example(set))) << round;
    }
    EXPECT_EQ(sets.Or(set, sets.Not(set)), ArgumentSets::kAll);
    EXPECT_EQ(sets.And(set, sets.Not(set)), ArgumentSets::kNone);
    for (unsigned index = 0; index < 6; ++index) {
      EXPECT_EQ(sets.DependsOn(set, index), index == test.index && set > ArgumentSets::kAll);
    }
  }
}

TEST(ArgumentSetsTest, IntervalsAndCubesCoverTheSet) {
  ArgumentSets sets;
  const auto low = [&](WordTestOp op, uint32_t value) {
    return sets.FromTest({.index = 2, .op = op, .constant = value});
  };
  const auto high_is = [&](uint32_t value) { return sets.FromTest({.index = 2, .high = true, .constant = value}); };
  const ArgumentSets::Set set =
      sets.And(high_is(0), sets.Or(low(WordTestOp::kLess, 3), low(WordTestOp::kGreaterOrEqual, 0xfffffffe)));
  const auto intervals = sets.Intervals(set, 2, false, 8).value();
  ASSERT_EQ(intervals.size(), 2U);
  EXPECT_EQ(intervals[0].last, 2U);
  EXPECT_EQ(intervals[1].first, 0xfffffffeU);
  EXPECT_EQ(intervals[1].last, 0xffffffffU);
  EXPECT_FALSE(sets.Intervals(set, 2, false, 1).has_value());
  EXPECT_FALSE(sets.Intervals(low(WordTestOp::kEqual, 1), 2, false, 1000).has_value()) << "any upper half";
  EXPECT_EQ(sets.Intervals(low(WordTestOp::kEqual, 1), 2, true, 1000)->size(), 1U);
  EXPECT_TRUE(sets.Intervals(sets.And(high_is(7), low(WordTestOp::kEqual, 1)), 2, true, 1000)->empty())
      << "the upper half is taken to be 0";
  const auto cubes = sets.Cubes(low(WordTestOp::kEqual, 1), 2, false, 1000).value();
  ASSERT_EQ(cubes.size(), 1U);
  EXPECT_EQ(cubes[0].mask, 0xffffffffU);
  EXPECT_EQ(cubes[0].value, 1U);
}

TEST(FilterPathsTest, LibseccompsFiltersAreFollowedExactly) {
  std::mt19937 random(2);
  size_t conditional = 0;
  for (uint32_t seed = 0; seed < 40; ++seed) {
    RandomProfiles profiles(seed);
    const absl::StatusOr<FilterProgram> program = Compile(profiles.Next());
    if (!program.ok()) continue;
    for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
      for (int nr = 0; nr < kSyscallTableEnd; ++nr) {
        const auto paths = FilterPaths({&*program, 1}, {abi, nr});
        ASSERT_TRUE(paths.ok()) << paths.status();
        if (paths->size() > 1) ++conditional;
        for (int question = 0; question < (paths->size() > 1 ? 30 : 1); ++question) {
          Arguments arguments = RandomArguments(random);
          for (uint64_t& argument : arguments) {
            if (random() % 2 == 0) argument = profiles.Value();
          }
          ExpectOnePath(*paths, {&*program, 1}, {abi, nr}, arguments);
        }
      }
    }
  }
  EXPECT_GT(conditional, 100U);
}

// Loads, masks, shifts, scratch words and jumps of every kind, in stacks.
FilterProgram RandomFilter(std::mt19937& random) {
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  FilterProgram program;
  for (uint32_t word = 0; word < 3; ++word) program.push_back(BPF_STMT(BPF_ST, word));
  const auto constant = [&] { return below(2) == 0 ? below(16) : RandomWord(random); };
  for (int step = 0; step < 20; ++step) {
    switch (below(8)) {
      case 0:
      case 1:
        program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArguments + 4 * below(4)));
        break;
      case 2:
        program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, constant()));
        break;
      case 3:
        program.push_back(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, below(32)));
        break;
      case 4:
        program.push_back(BPF_STMT(below(2) == 0 ? BPF_ST : BPF_LD | BPF_MEM, below(3)));
        break;
      case 5: {
        // A register to compare with, which holds a constant.
        const auto jump = static_cast<uint16_t>(BPF_JMP | BPF_X | (1 + below(4)) << 4);
        program.push_back(BPF_STMT(BPF_LDX | BPF_IMM, constant()));
        program.push_back(BPF_JUMP(jump, 0, static_cast<uint8_t>(below(3)), static_cast<uint8_t>(below(3))));
        break;
      }
      default:
        program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | BPF_K | (1 + below(4)) << 4), constant(),
                                   static_cast<uint8_t>(below(3)), static_cast<uint8_t>(below(3))));
    }
    if (below(6) == 0) {
      constexpr uint32_t kResults[] = {SECCOMP_RET_ALLOW,     SECCOMP_RET_ERRNO | 1,    SECCOMP_RET_ERRNO | 2,
                                       SECCOMP_RET_TRACE | 3, SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_LOG};
      program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, constant(), 0, 1));
      program.push_back(BPF_STMT(BPF_RET | BPF_K, kResults[below(6)]));
    }
  }
  for (const uint32_t result : {SECCOMP_RET_ERRNO | 5, SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW}) {
    program.push_back(BPF_STMT(BPF_RET | BPF_K, result));
  }
  return program;
}

TEST(FilterPathsTest, RandomStacksAreFollowedExactly) {
  std::mt19937 random(3);
  size_t followed = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<FilterProgram> stack;
    for (unsigned filter = 0; filter < 1 + static_cast<unsigned>(round) % 3; ++filter)
      stack.push_back(RandomFilter(random));
    for (const FilterProgram& program : stack) ASSERT_TRUE(ValidateFilter(program).ok()) << ValidateFilter(program);
    const auto paths = FilterPaths(stack, kGetpid);
    if (!paths.ok()) continue;  // A part of an argument in X.
    ++followed;
    for (int question = 0; question < 40; ++question) ExpectOnePath(*paths, stack, kGetpid, RandomArguments(random));
  }
  EXPECT_GT(followed, 40U);
}

// A part of an argument against a constant and a constant against it, also where no part of a word is as large.
TEST(FilterPathsTest, APartOfAnArgumentIsComparedAsTheKernelDoes) {
  std::mt19937 random(6);
  constexpr uint32_t kConstants[] = {0, 1, 5, 0xff, 0xff00, 0x01000005, 0x7fffffff, 0x80000000, 0xffffffff};
  for (const uint16_t jump : {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET}) {
    for (const uint32_t mask : {0xffffffffU, 0xff00U, 0x80000001U}) {
      for (const uint32_t shift : {0U, 1U, 8U, 31U}) {
        for (const uint32_t constant : kConstants) {
          for (const bool reversed : {false, true}) {
            FilterProgram program = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArguments),
                                     BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
                                     BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, shift)};
            if (reversed) {
              program.push_back(BPF_STMT(BPF_MISC | BPF_TAX, 0));
              program.push_back(BPF_STMT(BPF_LD | BPF_IMM, constant));
            }
            const auto code = static_cast<uint16_t>(BPF_JMP | jump | (reversed ? BPF_X : BPF_K));
            program.push_back(BPF_JUMP(code, constant, 0, 1));
            program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1));
            program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 2));
            const auto paths = FilterPaths({&program, 1}, kGetpid);
            ASSERT_TRUE(paths.ok()) << paths.status();
            for (const uint32_t value : {constant, constant - 1, constant + 1, RandomWord(random)}) {
              for (const uint32_t word : {value, value << shift, (value << shift) - 1, (value << shift) | ~mask}) {
                ExpectOnePath(*paths, {&program, 1}, kGetpid, {word});
              }
            }
          }
        }
      }
    }
  }
}

// Every instruction that the kernel takes, mostly with constants: those of the program, the call's number and ABI. Of
// an argument there is one part now and then, to be masked, shifted and compared.
FilterProgram RandomComputation(std::mt19937& random) {
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  constexpr uint32_t kWords = 4;
  constexpr uint16_t kOperations[] = {BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_AND, BPF_OR, BPF_XOR, BPF_LSH, BPF_RSH};
  constexpr uint16_t kJumps[] = {BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET};
  const auto constant = [&] { return below(2) == 0 ? below(64) : RandomWord(random); };
  const auto source = [&] { return below(2) == 0 ? BPF_K : BPF_X; };
  FilterProgram program;
  for (uint32_t word = 0; word < kWords; ++word) program.push_back(BPF_STMT(BPF_ST, word));
  for (int step = 0; step < 25; ++step) {
    switch (below(10)) {
      case 0:
        program.push_back(BPF_STMT(below(2) == 0 ? BPF_LD | BPF_IMM : BPF_LDX | BPF_IMM, constant()));
        break;
      case 1:
        // The number, or the architecture.
        program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4 * below(2)));
        break;
      case 2:
        // In X, where a constant is compared with it, or left in A.
        program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, below(2) == 0 ? 0 : kArguments + 4 * below(4)));
        if (below(2) == 0) break;
        if (below(3) == 0) program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, constant()));
        if (below(3) == 0) program.push_back(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, below(32)));
        program.push_back(BPF_STMT(BPF_MISC | BPF_TAX, 0));
        program.push_back(BPF_STMT(BPF_LD | BPF_IMM, constant()));
        program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | kJumps[below(4)] | BPF_X), 0,
                                   static_cast<uint8_t>(below(3)), static_cast<uint8_t>(below(3))));
        break;
      case 3:
        program.push_back(BPF_STMT(below(2) == 0 ? BPF_ST : BPF_STX, below(kWords)));
        break;
      case 4:
        program.push_back(BPF_STMT(below(2) == 0 ? BPF_LD | BPF_MEM : BPF_LDX | BPF_MEM, below(kWords)));
        break;
      case 5: {
        constexpr uint16_t kPlain[] = {BPF_MISC | BPF_TAX, BPF_MISC | BPF_TXA, BPF_ALU | BPF_NEG,
                                       BPF_LD | BPF_W | BPF_LEN, BPF_LDX | BPF_W | BPF_LEN};
        program.push_back(BPF_STMT(kPlain[below(5)], 0));
        break;
      }
      case 6:
      case 7: {
        const uint16_t operation = kOperations[below(9)];
        const bool is_shift = operation == BPF_LSH || operation == BPF_RSH;
        // The kernel takes neither a shift of 32 or more nor a division by a constant 0.
        const uint32_t operand = is_shift ? below(32) : std::max(1U, constant());
        program.push_back(BPF_STMT(static_cast<uint16_t>(BPF_ALU | operation | source()), operand));
        break;
      }
      default:
        program.push_back(BPF_JUMP(static_cast<uint16_t>(BPF_JMP | kJumps[below(4)] | source()), constant(),
                                   static_cast<uint8_t>(below(3)), static_cast<uint8_t>(below(3))));
    }
  }
  // What it has computed decides.
  program.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 3));
  program.push_back(BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO));
  program.push_back(BPF_STMT(BPF_RET | BPF_A, 0));
  return program;
}

// Arguments at the edge of a test, where a wrong one shows.
Arguments AtATest(const std::vector<FilterPath>& paths, std::mt19937& random) {
  Arguments arguments = RandomArguments(random);
  for (const WordTest& test : paths[random() % paths.size()].tests) {
    const uint32_t word = test.constant + static_cast<uint32_t>(random() % 3) - 1;
    uint64_t& argument = arguments[test.index];
    argument = test.high ? uint64_t{word} << 32 | (argument & UINT32_MAX) : (argument & ~uint64_t{UINT32_MAX}) | word;
  }
  return arguments;
}

TEST(FilterPathsTest, WhatIsComputedIsFollowedExactly) {
  constexpr int kRounds = InputsToTry(6000, 1200);
  std::mt19937 random(5);
  size_t followed = 0;
  size_t conditional = 0;
  size_t alike = 0;
  for (int round = 0; round < kRounds; ++round) {
    const FilterProgram program = RandomComputation(random);
    ASSERT_TRUE(ValidateFilter(program).ok()) << ValidateFilter(program);
    const std::span<const FilterProgram> stack(&program, 1);
    const auto paths = FilterPaths(stack, kGetpid);
    if (!paths.ok()) continue;
    ++followed;
    if (paths->size() > 1) ++conditional;
    for (int question = 0; question < 8; ++question) ExpectOnePath(*paths, stack, kGetpid, AtATest(*paths, random));

    ArgumentSets sets;
    const absl::StatusOr<DecidedNumbers> decided = DecideNumbers(stack, kGetpid, sets);
    ASSERT_TRUE(decided.ok()) << decided.status();
    if (decided->last == kGetpid.nr) continue;
    ++alike;
    for (int question = 0; question < 8; ++question) {
      const int further = random() % 2 == 0 ? 1 + static_cast<int>(random() % 64) : decided->last - kGetpid.nr;
      const SyscallId other{kGetpid.abi, kGetpid.nr + std::min(further, decided->last - kGetpid.nr)};
      const Arguments arguments = RandomArguments(random);
      EXPECT_EQ(EvaluateStack(stack, other, arguments), EvaluateStack(stack, kGetpid, arguments))
          << "numbers to " << decided->last << " are alike, but not " << other.nr;
    }
  }
  EXPECT_GT(followed, kRounds / 4U);
  EXPECT_GT(conditional, kRounds / 20U);
  EXPECT_GT(alike, kRounds / 20U);
}

TEST(FilterPathsTest, TheMostRestrictiveCountsAndAmongEqualsTheNewest) {
  const auto returning = [](uint32_t result) { return FilterProgram{BPF_STMT(BPF_RET | BPF_K, result)}; };
  const auto result = [&](std::vector<uint32_t> results) {
    std::vector<FilterProgram> stack;
    for (const uint32_t value : results) stack.push_back(returning(value));
    return FilterPaths(stack, kGetpid).value().at(0).result;
  };
  EXPECT_EQ(result({SECCOMP_RET_ERRNO | 1, SECCOMP_RET_ERRNO | 2}), SECCOMP_RET_ERRNO | 1);
  EXPECT_EQ(result({SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO | 2, SECCOMP_RET_LOG}), SECCOMP_RET_ERRNO | 2);
  EXPECT_EQ(result({SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS}), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(result({SECCOMP_RET_TRACE | 7, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_ALLOW}), SECCOMP_RET_USER_NOTIF);
  EXPECT_EQ(result({SECCOMP_RET_ERRNO | 1, SECCOMP_RET_TRAP | 2}), SECCOMP_RET_TRAP | 2);
}

TEST(FilterPathsTest, WhatCannotBeToldIsSaid) {
  const auto code_of = [](const FilterProgram& program) {
    EXPECT_TRUE(ValidateFilter(program).ok());
    return FilterPaths({&program, 1}, kGetpid).status().code();
  };
  constexpr sock_filter kLoad = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArguments);
  constexpr sock_filter kFork = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 3, 0, 1);
  constexpr sock_filter kAllow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  constexpr sock_filter kKill = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(code_of({kLoad, kFork, kAllow, kKill}), absl::StatusCode::kOk);
  EXPECT_EQ(code_of({kLoad, BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), kFork, kAllow, kKill}),
            absl::StatusCode::kUnimplemented);
  EXPECT_EQ(code_of({kLoad, BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1), kAllow}), absl::StatusCode::kOk) << "unused";
  EXPECT_EQ(code_of({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 8), kFork, kAllow, kKill}), absl::StatusCode::kUnimplemented)
      << "the instruction pointer";
  EXPECT_EQ(code_of({kLoad, BPF_STMT(BPF_MISC | BPF_TAX, 0), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, kArguments + 8),
                     BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 1), kAllow, kKill}),
            absl::StatusCode::kUnimplemented)
      << "two arguments";
  EXPECT_EQ(code_of({kLoad, BPF_STMT(BPF_RET | BPF_A, 0)}), absl::StatusCode::kUnimplemented);

  // 2 to the power of 24 ways, whose sets are small all the same.
  FilterProgram doubling;
  for (int bit = 0; bit < 24; ++bit) {
    doubling.push_back(kLoad);
    doubling.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1U << bit, 0, 0));
  }
  doubling.push_back(kAllow);
  EXPECT_EQ(code_of(doubling), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace syscarve
