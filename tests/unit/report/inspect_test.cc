// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/inspect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "tests/unit/actions.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Action kAllowed{ActionKind::kAllow, 0};
constexpr Action kKilled{ActionKind::kKillProcess, 0};

CallSummary Decided(const char* name, Action action, Abi abi = Abi::kX86_64) {
  return {.id = *FindSyscall(abi, name), .answers = {}, .otherwise = action, .unclear = {}};
}

std::string Shown(const std::vector<AbiSummary>& abis, const std::vector<size_t>& lengths = {12}) {
  return InspectText("process 7", lengths, abis);
}

TEST(InspectTextTest, GroupsCallsFromWhatIsAllowedToWhatKills) {
  const std::string text = Shown({{.abi = Abi::kX86_64,
                                   .everything = std::nullopt,
                                   .unknown = kEnosys,
                                   .calls = {Decided("read", kAllowed), Decided("ptrace", kKilled),
                                             Decided("mount", kEperm), Decided("write", kAllowed)}}});
  EXPECT_EQ(text,
            "process 7: 1 filter of 12 instructions\n"
            "\n"
            "x86_64: numbers beyond the tables: refused with ENOSYS\n"
            "  allowed (2)\n"
            "    read write\n"
            "  refused with EPERM (1)\n"
            "    mount\n"
            "  kills the process (1)\n"
            "    ptrace\n");
}

TEST(InspectTextTest, AStackSaysWhichAnswerCounts) {
  const std::string text =
      Shown({{.abi = Abi::kX86_64, .everything = kAllowed, .unknown = kAllowed, .calls = {}}}, {3, 40});
  EXPECT_THAT(text,
              testing::StartsWith(
                  "process 7: 2 filters of 3, 40 instructions, the newest first; the strictest action applies\n"));
}

TEST(InspectTextTest, ConditionsAreSentences) {
  CallSummary clone = Decided("clone", kEperm);
  clone.answers = {{.conditions = {{.index = 0, .op = CompareOp::kMaskedEqual, .value = 0x7e020000, .value_two = 0}},
                    .action = kAllowed}};
  CallSummary personality = Decided("personality", kKilled);
  personality.answers = {
      {.conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 8, .value_two = 0}}, .action = kAllowed},
      {.conditions = {{.index = 0, .op = CompareOp::kGreater, .value = 16, .value_two = 0},
                      {.index = 1, .op = CompareOp::kNotEqual, .value = 1, .value_two = 0}},
       .action = kAllowed},
      {.conditions = {{.index = 0, .op = CompareOp::kLess, .value = 4, .value_two = 0}}, .action = kEperm}};
  const std::string text =
      Shown({{.abi = Abi::kX86_64, .everything = std::nullopt, .unknown = kEperm, .calls = {clone, personality}}});
  EXPECT_THAT(text, HasSubstr("  depends on arguments (2)\n"
                              "    clone: allowed if arg0 & 0x7e020000 == 0x0; otherwise refused with EPERM\n"
                              "    personality: allowed if arg0 == 0x8, or arg0 > 0x10 and arg1 != 0x1; refused with "
                              "EPERM if arg0 < 0x4; otherwise kills the process\n"));
}

TEST(InspectTextTest, OfOtherAbisOnlyWhatDiffers) {
  const std::string text =
      Shown({{.abi = Abi::kX86_64,
              .everything = std::nullopt,
              .unknown = kEperm,
              .calls = {Decided("read", kAllowed), Decided("mount", kEperm)}},
             {.abi = Abi::kI386,
              .everything = std::nullopt,
              .unknown = kEperm,
              .calls = {Decided("read", kAllowed, Abi::kI386), Decided("mount", kAllowed, Abi::kI386),
                        Decided("waitpid", kAllowed, Abi::kI386)}},
             {.abi = Abi::kX32, .everything = kKilled, .unknown = kKilled, .calls = {}}});
  EXPECT_THAT(text, HasSubstr("\ni386: numbers beyond the tables: refused with EPERM\n"
                              "  as on x86_64 (1)\n"
                              "  allowed (2)\n"
                              "    mount waitpid\n"));
  EXPECT_THAT(text, HasSubstr("\nx32: every call kills the process\n"));
}

TEST(InspectTextTest, WhatCannotBeToldIsSafeToPrint) {
  CallSummary read = Decided("read", kAllowed);
  read.unclear = "its filter is \x1b[31mtoo complex";
  const std::string text =
      Shown({{.abi = Abi::kX86_64, .everything = std::nullopt, .unknown = kEperm, .calls = {read}}});
  EXPECT_THAT(text, HasSubstr("  unclear\n    read: its filter is "));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace syscarve
