// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/enosys_stub.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/actions.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

// What stands for the profile's own filter in these tests.
constexpr Action kLeftToFilter{ActionKind::kLog, 0};

Profile Naming(std::vector<std::string> names, std::vector<Abi> abis, Action default_action = kEperm) {
  return {.default_action = default_action,
          .abis = std::move(abis),
          .flags = {},
          .rules = {{.names = std::move(names), .action = kAllowAction, .conditions = {}, .comment = ""}}};
}

Action Ask(const Profile& profile, SyscallId id) {
  FilterProgram program = EnosysStub(profile);
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG));
  EXPECT_TRUE(ValidateFilter(program).ok()) << ValidateFilter(program);
  const seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
  return ActionFromReturn(Evaluate(program, data));
}

TEST(EnosysStubTest, BeyondTheLargestNumberThatIsNamed) {
  for (const Abi abi : kAllAbis) {
    const Profile profile = Naming({"read", "openat", "close"}, {abi});
    int largest = 0;
    for (const std::string& name : profile.rules[0].names) {
      largest = std::max(largest, FindSyscall(abi, name).value().nr);
    }
    EXPECT_EQ(Ask(profile, {abi, largest}), kLeftToFilter) << AbiName(abi);
    EXPECT_EQ(Ask(profile, {abi, largest - 1}), kLeftToFilter) << AbiName(abi);
    EXPECT_EQ(Ask(profile, {abi, largest + 1}), kEnosys) << AbiName(abi);
    EXPECT_EQ(Ask(profile, {abi, 0x3fffffff}), kEnosys) << AbiName(abi);
  }
}

TEST(EnosysStubTest, EachAbiHasItsOwnEnd) {
  const Profile profile = Naming({"getpid"}, {Abi::kX86_64, Abi::kI386});
  EXPECT_EQ(Ask(profile, {Abi::kX86_64, 39}), kLeftToFilter);
  EXPECT_EQ(Ask(profile, {Abi::kX86_64, 40}), kEnosys);
  EXPECT_EQ(Ask(profile, {Abi::kI386, 20}), kLeftToFilter);
  EXPECT_EQ(Ask(profile, {Abi::kI386, 21}), kEnosys);
  EXPECT_EQ(Ask(profile, {Abi::kAarch64, 300}), kLeftToFilter);  // Not listed.
}

TEST(EnosysStubTest, X32IsToldApartByItsBit) {
  EXPECT_EQ(Ask(Naming({"getpid"}, {Abi::kX86_64}), {Abi::kX32, 40}), kLeftToFilter);
  EXPECT_EQ(Ask(Naming({"getpid"}, {Abi::kX32}), {Abi::kX86_64, 40}), kLeftToFilter);
  const Profile both = Naming({"getpid", "rt_sigaction"}, {Abi::kX86_64, Abi::kX32});
  EXPECT_EQ(Ask(both, {Abi::kX86_64, 40}), kEnosys);
  EXPECT_EQ(Ask(both, {Abi::kX32, 40}), kLeftToFilter);
  EXPECT_EQ(Ask(both, {Abi::kX32, 512}), kLeftToFilter);
  EXPECT_EQ(Ask(both, {Abi::kX32, 513}), kEnosys);
}

TEST(EnosysStubTest, WhatS390MakesOfUnknownNumbersIsMissing) {
  EXPECT_EQ(Ask(Naming({"read"}, {Abi::kS390x}), {Abi::kS390x, 0}), kEnosys);
  EXPECT_EQ(Ask(Naming({"read"}, {Abi::kX86_64}), {Abi::kX86_64, 0}), kLeftToFilter);
}

TEST(EnosysStubTest, NamesCountWhateverTheirAction) {
  Profile profile = Naming({"read"}, {Abi::kX86_64});
  profile.rules.push_back({.names = {"openat2", "no_such_call"}, .action = kEperm, .conditions = {}, .comment = ""});
  EXPECT_EQ(Ask(profile, {Abi::kX86_64, 437}), kLeftToFilter);
  EXPECT_EQ(Ask(profile, {Abi::kX86_64, 438}), kEnosys);
}

TEST(EnosysStubTest, ThereIsNoneWhereItWouldTakeAwayOrSayNothing) {
  for (const Action action : {kAllowAction, Action{ActionKind::kLog, 0}, Action{ActionKind::kTrace, 3}, kEnosys}) {
    EXPECT_TRUE(EnosysStub(Naming({"read"}, {Abi::kX86_64}, action)).empty()) << ScmpActionName(action.kind);
  }
  for (const ActionKind kind : {ActionKind::kKillProcess, ActionKind::kKillThread, ActionKind::kTrap}) {
    EXPECT_FALSE(EnosysStub(Naming({"read"}, {Abi::kX86_64}, {kind, 0})).empty()) << ScmpActionName(kind);
  }
  EXPECT_TRUE(EnosysStub(Naming({"no_such_call"}, {Abi::kX86_64})).empty());
}

TEST(EnosysStubTest, WithoutAListTheNativeAbiIsMeant) {
  const Profile profile = Naming({"close"}, {});
  const SyscallId close = FindSyscall(NativeAbi(), "close").value();
  EXPECT_EQ(Ask(profile, close), kLeftToFilter);
  EXPECT_EQ(Ask(profile, {close.abi, close.nr + 1}), kEnosys);
}

}  // namespace
}  // namespace syscarve
