// SPDX-License-Identifier: Apache-2.0
// Compile, ValidateFilter and Evaluate, without loading anything.
#include "userspace/seccomp/compile.h"

#include <gtest/gtest.h>
#include <linux/audit.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tests/unit/actions.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {
namespace {

Profile AllowList(std::vector<std::string> names, std::vector<Abi> abis) {
  Profile profile;
  profile.default_action = kEnosys;
  profile.abis = std::move(abis);
  profile.rules = {{.names = std::move(names), .action = kAllowAction}};
  return profile;
}

class FilterTest : public testing::Test {
 protected:
  void Use(const Profile& profile) {
    absl::StatusOr<FilterProgram> program = Compile(profile);
    ASSERT_TRUE(program.ok()) << program.status();
    ASSERT_TRUE(ValidateFilter(*program).ok()) << ValidateFilter(*program);
    program_ = *std::move(program);
  }

  Action Ask(SyscallId id, std::array<uint64_t, 6> arguments = {}) const {
    seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
    std::copy(arguments.begin(), arguments.end(), data.args);
    return ActionFromReturn(Evaluate(program_, data));
  }
  Action Ask(Abi abi, std::string_view name, std::array<uint64_t, 6> arguments = {}) const {
    return Ask(FindSyscall(abi, name).value(), arguments);
  }

  FilterProgram program_;
};

TEST_F(FilterTest, AllowsTheListedNamesOnEachAbiByTheirOwnNumbers) {
  Use(AllowList({"open", "getpid"}, {Abi::kX86_64, Abi::kI386}));
  for (const Abi abi : {Abi::kX86_64, Abi::kI386}) {
    for (int nr = 0; nr < kSyscallTableEnd; ++nr) {
      const std::optional<std::string> name = SyscallName({abi, nr});
      const bool listed = name == "open" || name == "getpid";
      EXPECT_EQ(Ask({abi, nr}), listed ? kAllowAction : kEnosys) << DisplayName({abi, nr});
    }
  }
}

TEST_F(FilterTest, OtherAbisKillTheThread) {
  Use(AllowList({"getpid"}, {Abi::kX86_64}));
  EXPECT_EQ(Ask(Abi::kI386, "getpid").kind, ActionKind::kKillThread);
  EXPECT_EQ(Ask(Abi::kX32, "getpid").kind, ActionKind::kKillThread);
  EXPECT_EQ(Ask(Abi::kAarch64, "getpid").kind, ActionKind::kKillThread);
}

TEST_F(FilterTest, AnotherArchitecturesProfileCompilesHere) {
  Use(AllowList({"getpid", "openat"}, {Abi::kAarch64}));
  EXPECT_EQ(Ask(Abi::kAarch64, "openat"), kAllowAction);
  EXPECT_EQ(Ask(Abi::kAarch64, "execve"), kEnosys);
  EXPECT_EQ(Ask(Abi::kX86_64, "openat").kind, ActionKind::kKillThread);
}

TEST_F(FilterTest, WithoutAbisTheNativeOneIsMeant) {
  Use(AllowList({"getpid"}, {}));
  EXPECT_EQ(Ask(NativeAbi(), "getpid"), kAllowAction);
  EXPECT_EQ(Ask(NativeAbi(), "execve"), kEnosys);
}

TEST_F(FilterTest, NamesNewerThanLibseccompWorkOnEveryAbi) {
  std::vector<std::string> newest;
  for (const SyscallEntry& entry : SyscallTable(Abi::kX86_64)) {
    if (entry.nr >= 424) newest.push_back(entry.name);
  }
  Use(AllowList(newest, {Abi::kX86_64, Abi::kI386, Abi::kX32}));
  for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
    for (int nr = 0; nr < kSyscallTableEnd; ++nr) {
      const std::optional<std::string> name = SyscallName({abi, nr});
      const bool listed = name.has_value() && std::find(newest.begin(), newest.end(), *name) != newest.end();
      EXPECT_EQ(Ask({abi, nr}), listed ? kAllowAction : kEnosys) << DisplayName({abi, nr});
    }
  }
}

TEST_F(FilterTest, ConditionsOnNamesNewerThanLibseccompAreKept) {
  constexpr uint64_t kValue = 0x1'0000'0002;
  const SyscallId id = FindSyscall(Abi::kX86_64, "file_setattr").value();
  for (int op = 0; op < 7; ++op) {
    Profile profile = AllowList({"file_setattr"}, {Abi::kX86_64});
    profile.rules[0].conditions = {
        {.index = 1, .op = CompareOp::kNotEqual, .value = 7},
        {.index = 3, .op = static_cast<CompareOp>(op), .value = kValue, .value_two = 0x1'0000'0000}};
    const FilterProgram program = Compile(profile).value();
    const RuleEvaluator decider(profile);
    for (const uint64_t other : {7, 8}) {
      for (const uint64_t value : {uint64_t{0}, uint64_t{2}, kValue - 1, kValue, kValue + 1, kValue + 2, ~uint64_t{0},
                                   uint64_t{0x1'0000'0000}, uint64_t{0x2'0000'0001}}) {
        const Arguments arguments = {0, other, 0, value};
        seccomp_data data{.nr = id.nr, .arch = AuditArch(id.abi)};
        std::copy(arguments.begin(), arguments.end(), data.args);
        EXPECT_EQ(ActionFromReturn(Evaluate(program, data)), decider.Decide(id, arguments)) << op << " " << value;
      }
    }
  }
}

TEST_F(FilterTest, UnknownNamesAndRedundantRulesAreLeftOut) {
  Profile profile = AllowList({"getpid", "no_such_call"}, {Abi::kX86_64});
  profile.rules.push_back({.names = {"mount"}, .action = kEnosys});
  Use(profile);
  EXPECT_EQ(Ask(Abi::kX86_64, "getpid"), kAllowAction);
  EXPECT_EQ(Ask(Abi::kX86_64, "mount"), kEnosys);
}

TEST_F(FilterTest, EveryActionArrives) {
  const Action actions[] = {{ActionKind::kKillProcess, 0}, {ActionKind::kKillThread, 0}, {ActionKind::kTrap, 0},
                            {ActionKind::kErrno, 999},     {ActionKind::kNotify, 0},     {ActionKind::kTrace, 7},
                            {ActionKind::kLog, 0},         {ActionKind::kAllow, 0}};
  for (const Action action : actions) {
    Profile profile = AllowList({}, {Abi::kX86_64});
    profile.rules = {{.names = {"getpid"}, .action = action}};
    Use(profile);
    EXPECT_EQ(Ask(Abi::kX86_64, "getpid"), action);
  }
  EXPECT_EQ(ActionFromReturn(0x12340000).kind, ActionKind::kKillProcess);
}

TEST_F(FilterTest, ArgumentsAreComparedOnAllBitsThatTheAbiHas) {
  Profile profile = AllowList({"personality"}, {Abi::kX86_64, Abi::kI386});
  profile.rules[0].conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 8}};
  Use(profile);
  constexpr uint64_t kDirty = uint64_t{1} << 32 | 8;
  EXPECT_EQ(Ask(Abi::kX86_64, "personality", {8}), kAllowAction);
  EXPECT_EQ(Ask(Abi::kX86_64, "personality", {kDirty}), kEnosys);
  EXPECT_EQ(Ask(Abi::kI386, "personality", {kDirty}), kAllowAction);
}

TEST_F(FilterTest, ARepeatedArgumentIndexInOneRuleIsAnError) {
  Profile profile = AllowList({"personality"}, {Abi::kX86_64});
  profile.rules[0].conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 8},
                                 {.index = 0, .op = CompareOp::kEqual}};
  EXPECT_EQ(Compile(profile).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(ValidateFilterTest, RefusesWhatTheKernelRefuses) {
  constexpr sock_filter kReturn = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const auto valid = [](FilterProgram program) { return ValidateFilter(program).ok(); };
  EXPECT_TRUE(valid({kReturn}));
  EXPECT_FALSE(valid({}));
  EXPECT_FALSE(valid(FilterProgram(BPF_MAXINSNS + 1, kReturn)));
  EXPECT_TRUE(valid(FilterProgram(BPF_MAXINSNS, kReturn)));
  EXPECT_FALSE(valid({BPF_STMT(BPF_LD | BPF_IMM, 1)})) << "no return";
  EXPECT_FALSE(valid({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), kReturn})) << "unaligned";
  EXPECT_FALSE(valid({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(seccomp_data)), kReturn})) << "outside";
  EXPECT_TRUE(valid({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(seccomp_data) - 4), kReturn}));
  EXPECT_FALSE(valid({BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0), kReturn})) << "half word";
  EXPECT_FALSE(valid({BPF_STMT(BPF_LD | BPF_W | BPF_IND, 0), kReturn})) << "indirect";
  EXPECT_FALSE(valid({BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), kReturn})) << "seccomp has no modulo";
  EXPECT_FALSE(valid({BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), kReturn}));
  EXPECT_FALSE(valid({BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), kReturn}));
  EXPECT_FALSE(valid({BPF_STMT(BPF_JMP | BPF_JA, 1), kReturn})) << "over the end";
  EXPECT_FALSE(valid({BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), kReturn})) << "backwards";
  EXPECT_TRUE(valid({BPF_STMT(BPF_JMP | BPF_JA, 0), kReturn}));
  EXPECT_FALSE(valid({BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), kReturn})) << "over the end";
  EXPECT_FALSE(valid({BPF_STMT(BPF_LD | BPF_MEM, 3), kReturn})) << "never written";
  EXPECT_TRUE(valid({BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), kReturn}));
  EXPECT_FALSE(valid({BPF_STMT(BPF_ST, 16), kReturn}));
  EXPECT_FALSE(valid(
      {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LD | BPF_MEM, 3), kReturn}))
      << "written on one path only";
}

TEST(EvaluateTest, DivisionByAZeroRegisterKillsTheThread) {
  const FilterProgram program = {BPF_STMT(BPF_LD | BPF_IMM, 5), BPF_STMT(BPF_LDX | BPF_IMM, 0),
                                 BPF_STMT(BPF_ALU | BPF_DIV | BPF_X, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  ASSERT_TRUE(ValidateFilter(program).ok());
  EXPECT_EQ(ActionFromReturn(Evaluate(program, {})).kind, ActionKind::kKillThread);
}

}  // namespace
}  // namespace syscarve
