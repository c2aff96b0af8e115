// SPDX-License-Identifier: Apache-2.0
// The model's own answers against those of the filter that libseccomp makes.
#include "userspace/seccomp/rule_evaluator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

#include "tests/unit/actions.h"
#include "tests/unit/effort.h"
#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"

namespace syscarve {
namespace {

TEST(DeciderTest, TheFirstUnconditionalRuleDecides) {
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64}};
  profile.rules = {
      {.names = {"getpid"}, .action = kEperm, .conditions = {{.index = 0, .op = CompareOp::kEqual, .value = 1}}},
      {.names = {"getpid"}, .action = kAllowAction},
      {.names = {"getpid"}, .action = kEperm}};
  const RuleEvaluator decider(profile);
  const SyscallId getpid = FindSyscall(Abi::kX86_64, "getpid").value();
  EXPECT_EQ(decider.Decide(getpid, {1}), kAllowAction);
  EXPECT_FALSE(decider.DependsOnArguments(getpid));
  EXPECT_EQ(decider.Decide({Abi::kI386, 20}, {}).kind, ActionKind::kKillThread);
}

TEST(DeciderTest, SocketNamesSpeakOfSocketcallOnI386) {
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64, Abi::kI386}};
  profile.rules = {{.names = {"socket", "shmget"}, .action = kAllowAction}};
  const RuleEvaluator decider(profile);
  const SyscallId socketcall = FindSyscall(Abi::kI386, "socketcall").value();
  EXPECT_EQ(decider.Decide(socketcall, {1}), kAllowAction);
  EXPECT_EQ(decider.Decide(socketcall, {2}), kEnosys);
  EXPECT_EQ(decider.Decide(FindSyscall(Abi::kI386, "ipc").value(), {23}), kAllowAction);
  EXPECT_TRUE(decider.DependsOnArguments(socketcall));
  EXPECT_TRUE(decider.conflicts().empty());
}

std::string RulesFor(const Profile& profile, SyscallId id) {
  std::ostringstream text;
  text << std::hex << "default " << static_cast<int>(profile.default_action.kind) << "\n";
  for (const Rule& rule : profile.rules) {
    if (std::find(rule.names.begin(), rule.names.end(), SyscallName(id).value_or("")) == rule.names.end()) continue;
    text << "action " << static_cast<int>(rule.action.kind) << "/" << rule.action.value;
    for (const ArgumentCondition& condition : rule.conditions) {
      text << ", arg" << condition.index << " " << ScmpCompareName(condition.op) << " " << condition.value << " "
           << condition.value_two;
    }
    text << "\n";
  }
  return text.str();
}

TEST(DeciderTest, AgreesWithTheCompiledFilterOnRandomProfiles) {
  int compared = 0;
  const int seeds = InputsToTry(300, 60);
  for (uint32_t seed = 0; seed < static_cast<uint32_t>(seeds); ++seed) {
    RandomProfiles random(seed);
    const Profile profile = random.Next();
    const absl::StatusOr<FilterProgram> program = Compile(profile);
    if (!program.ok()) continue;  // Rules that contradict each other.
    ++compared;
    const RuleEvaluator decider(profile);
    const std::vector<SyscallId> conflicts = decider.conflicts();
    for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
      for (int nr = 0; nr < kSyscallTableEnd; ++nr) {
        const SyscallId id{abi, nr};
        if (std::find(conflicts.begin(), conflicts.end(), id) != conflicts.end()) continue;
        const int questions = decider.DependsOnArguments(id) ? 20 : 1;
        for (int question = 0; question < questions; ++question) {
          Arguments arguments;
          for (uint64_t& argument : arguments) argument = random.Value();
          seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(abi)};
          std::copy(arguments.begin(), arguments.end(), data.args);
          EXPECT_EQ(ActionFromReturn(Evaluate(*program, data)), decider.Decide(id, arguments))
              << "seed " << seed << ", " << DisplayName(id) << "(" << std::hex << arguments[0] << ", " << arguments[1]
              << ", " << arguments[2] << ", " << arguments[3] << ", " << arguments[4] << ", " << arguments[5] << ")\n"
              << RulesFor(profile, id);
        }
      }
    }
  }
  EXPECT_GT(compared, seeds * 2 / 3);
}

}  // namespace
}  // namespace syscarve
