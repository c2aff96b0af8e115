// SPDX-License-Identifier: Apache-2.0
// Every architecture: what we say of a profile is what the filter for it does, which libseccomp makes where it can.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/base/concat.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/seccomp/symbolic.h"
#include "userspace/seccomp/verify.h"

namespace syscarve {
namespace {

class ArchitecturesTest : public testing::TestWithParam<Abi> {};

INSTANTIATE_TEST_SUITE_P(EveryAbi, ArchitecturesTest, testing::ValuesIn(kAllAbis),
                         [](const auto& abi) { return std::string(AbiName(abi.param)); });

Action AskFilter(const FilterProgram& program, SyscallId id, const Arguments& arguments) {
  seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
  std::copy(arguments.begin(), arguments.end(), data.args);
  return ActionFromReturn(Evaluate(program, data));
}

Action ActionFor(const Decision& decision, const ArgumentSets& sets, const Arguments& arguments) {
  for (const auto& [action, on] : decision) {
    if (sets.Contains(on, arguments)) return action;
  }
  ADD_FAILURE() << "no answer at all";
  return {};
}

std::vector<Arguments> Questions(RandomProfiles& random, bool conditional) {
  std::vector<Arguments> questions(conditional ? 24 : 1);
  for (Arguments& arguments : questions) {
    for (uint64_t& argument : arguments) argument = random.Value();
  }
  // What multiplexed calls are chosen by.
  for (uint64_t selector = 1; conditional && selector < 26; ++selector) {
    questions.push_back(questions[selector % 24]);
    questions.back()[0] = selector;
  }
  return questions;
}

TEST_P(ArchitecturesTest, TextFilterAndMeaningAgreeOnRandomProfiles) {
  size_t compared = 0;
  size_t conditional = 0;
  for (uint32_t seed = 0; seed < 12; ++seed) {
    RandomProfiles random(seed, GetParam());
    const Profile profile = random.Next();
    const absl::StatusOr<FilterProgram> program = Compile(profile);
    if (!program.ok()) continue;  // Rules that contradict each other.
    ASSERT_TRUE(ValidateFilter(*program).ok());
    const RuleEvaluator decider(profile);
    const absl::StatusOr<Meaning> meaning = MeaningOf({&*program, 1}, GetParam());
    ASSERT_TRUE(meaning.ok()) << meaning.status();
    const std::vector<SyscallId> conflicts = decider.conflicts();
    for (const auto& [id, decision] : meaning->decisions) {
      if (std::ranges::find(conflicts, id) != conflicts.end()) continue;
      conditional += decider.DependsOnArguments(id) ? 1 : 0;
      for (const Arguments& arguments : Questions(random, decider.DependsOnArguments(id))) {
        const Action answer = AskFilter(*program, id, arguments);
        EXPECT_EQ(answer, decider.Decide(id, arguments)) << "seed " << seed << ", " << DisplayName(id);
        EXPECT_EQ(answer, ActionFor(decision, *meaning->sets, arguments)) << "seed " << seed << ", " << DisplayName(id);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 3000U);
  EXPECT_GT(conditional, 10U);
  RecordProperty("compared", std::to_string(compared));
  RecordProperty("filter_by", LibseccompHas(GetParam()) ? "libseccomp" : "syscarve");
}

// Each call alone: it and nothing else is let through, wherever its number lies.
TEST_P(ArchitecturesTest, ANameLetsItsOwnNumberThrough) {
  const Abi abi = GetParam();
  std::vector<std::string> names;
  for (const SyscallEntry& entry : SyscallTable(abi)) names.push_back(entry.name);
  for (size_t first = 0; first < 16; ++first) {
    Profile profile{.default_action = {ActionKind::kErrno, 38}, .abis = {abi}};
    Rule rule{.names = {}, .action = {ActionKind::kAllow, 0}, .conditions = {}, .comment = ""};
    for (size_t i = first; i < names.size(); i += 16) rule.names.push_back(names[i]);
    const std::vector<std::string> allowed = rule.names;
    profile.rules.push_back(std::move(rule));
    const absl::StatusOr<FilterProgram> program = Compile(profile);
    ASSERT_TRUE(program.ok()) << program.status();
    for (const int nr : NumbersToProve(abi)) {
      const std::optional<std::string> name = SyscallName({abi, nr});
      if (name == "socketcall" || name == "ipc") continue;
      const bool expected = name.has_value() && std::ranges::find(allowed, *name) != allowed.end();
      EXPECT_EQ(AskFilter(*program, {abi, nr}, {}).kind == ActionKind::kAllow, expected) << DisplayName({abi, nr});
    }
  }
}

TEST(CompileTest, RefusesBothOrdersOfBytesAtOnce) {
  Profile profile{.default_action = {ActionKind::kErrno, 38}, .abis = {Abi::kX86_64, Abi::kS390x}};
  EXPECT_EQ(Compile(profile).status().code(), absl::StatusCode::kInvalidArgument);
  profile.abis = {Abi::kX86_64, Abi::kPpc64le, Abi::kRiscv64, Abi::kLoongarch64};
  EXPECT_TRUE(Compile(profile).ok());
}

TEST(CompileTest, BigEndianFiltersAreExportedAsTheirMachinesReadThem) {
  const Profile profile{.default_action = {ActionKind::kErrno, 38}, .abis = {Abi::kS390x}};
  const FilterProgram program = Compile(profile).value();
  ASSERT_TRUE(ValidateFilter(program).ok());
  const FilterProgram theirs = InBytesOf(Abi::kS390x, program);
  EXPECT_EQ(theirs[0].code, 0x2000) << "BPF_LD | BPF_W | BPF_ABS, the other way round";
  EXPECT_EQ(theirs[0].k, 0x04000000U);
  EXPECT_EQ(InBytesOf(Abi::kX86_64, program)[0].code, 0x20);
}

}  // namespace
}  // namespace syscarve
