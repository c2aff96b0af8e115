// SPDX-License-Identifier: Apache-2.0
// Profiles kept under a ceiling: nothing is ever wider than before, and what is left is all that the ceiling leaves.
#include "userspace/policy/ceiling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <random>

#include "tests/unit/actions.h"
#include "tests/unit/effort.h"
#include "tests/unit/policy/recordings.h"
#include "tests/unit/seccomp/filter_stack.h"
#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/model/profile_json.h"
#include "userspace/model/syscall_table.h"
#include "userspace/policy/generate.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/verify.h"

namespace syscarve {
namespace {

// As engines have it: namespaces by clone only with CAP_SYS_ADMIN, no AF_VSOCK, known personalities, clone3 not there.
Profile EngineDefault() {
  Profile profile{.default_action = kEperm, .abis = {Abi::kX86_64, Abi::kI386, Abi::kX32}};
  profile.rules = {
      {.names = {"read", "write", "openat", "exit_group", "rt_sigreturn"}, .action = kAllowAction},
      {.names = {"clone"}, .action = kAllowAction, .conditions = {{0, CompareOp::kMaskedEqual, 0x7e020000, 0}}},
      {.names = {"socket"}, .action = kAllowAction, .conditions = {{0, CompareOp::kNotEqual, 40}}},
      {.names = {"clone3"}, .action = kEnosys}};
  for (const uint64_t value : {0x0, 0x8, 0x20000, 0x20008, 0x7fffffff}) {
    profile.rules.push_back(
        {.names = {"personality"}, .action = kAllowAction, .conditions = {{0, CompareOp::kEqual, value}}});
  }
  return profile;
}

GeneratedProfile MakeUnder(const Recording& recording, GenerateOptions options) {
  absl::StatusOr<GeneratedProfile> made = Generate({&recording, 1}, options);
  EXPECT_TRUE(made.ok()) << made.status();
  return made.ok() ? *std::move(made) : GeneratedProfile{};
}

GenerateOptions Under(const Profile& ceiling) {
  return {.closure = ClosureMode::kNone, .ceiling = ceiling};
}

TEST(CeilingTest, CutsNarrowsAndKeeps) {
  const Recording recording =
      RecordingBuilder().Calls({"read", "clone", "clone3", "socket", "personality", "mount", "io_uring_setup"}).Build();
  const GeneratedProfile made = MakeUnder(recording, Under(EngineDefault()));
  std::map<std::string, Action> cut;
  for (const CutCall& call : made.cut) {
    cut[call.call.name] = call.answer;
    EXPECT_EQ(call.call.sightings.size(), 1U) << "why it was wanted stays known";
  }
  EXPECT_EQ(cut, (std::map<std::string, Action>{{"clone3", kEnosys}, {"io_uring_setup", kEperm}, {"mount", kEperm}}));
  std::vector<std::string> narrowed;
  for (const NarrowedCall& call : made.narrowed) narrowed.push_back(call.name);
  EXPECT_EQ(narrowed, (std::vector<std::string>{"clone", "personality", "socket"}));
  std::vector<std::string> left;
  for (const AllowedCall& call : made.calls) left.push_back(call.name);
  EXPECT_EQ(left, (std::vector<std::string>{"clone", "personality", "read", "socket"}));

  const FilterProgram program = Compile(made.profile).value();
  const auto ask = [&](std::string_view name, uint64_t first) {
    return ActionFromReturn(EvaluateStack({&program, 1}, FindSyscall(Abi::kX86_64, name).value(), {first}));
  };
  EXPECT_EQ(ask("read", 7), kAllowAction);
  EXPECT_EQ(ask("clone", 0x11), kAllowAction);
  EXPECT_EQ(ask("clone", 0x10000011), kEperm) << "refused as mount is: old and known";
  EXPECT_EQ(ask("socket", 2), kAllowAction);
  EXPECT_EQ(ask("socket", 40), kEperm);
  EXPECT_EQ(ask("personality", 8), kAllowAction);
  EXPECT_EQ(ask("personality", 9), kEnosys) << "its complement takes too many rules";
  EXPECT_EQ(ask("clone3", 0), kEnosys) << "a libc falls back";
  EXPECT_EQ(ask("mount", 0), kEperm);
  EXPECT_EQ(ask("write", 0), kEperm) << "not seen, though the ceiling allows it";
  // It loads as any other profile.
  EXPECT_EQ(ParseProfile(FormatProfile(made.profile)).value(), made.profile);
}

TEST(CeilingTest, ACeilingThatAllowsAllChangesNothing) {
  const Recording recording = RecordingBuilder().Calls({"read", "mount", "clone"}).Build();
  const GeneratedProfile made =
      MakeUnder(recording, Under({.default_action = kAllowAction, .abis = {Abi::kX86_64, Abi::kI386, Abi::kX32}}));
  EXPECT_EQ(made.profile, MakeUnder(recording, {.closure = ClosureMode::kNone}).profile);
  EXPECT_TRUE(made.cut.empty());
  EXPECT_TRUE(made.narrowed.empty());
}

TEST(CeilingTest, AnAbiThatTheCeilingKillsIsCut) {
  Profile ceiling = EngineDefault();
  ceiling.abis = {Abi::kX86_64};
  const Recording recording =
      RecordingBuilder().Call("read").Call("read", 1, Abi::kI386).Call("fcntl64", 1, Abi::kI386).Build();
  const GeneratedProfile made = MakeUnder(recording, Under(ceiling));
  EXPECT_EQ(made.profile.abis, std::vector<Abi>{Abi::kX86_64});
  ASSERT_FALSE(made.warnings.empty());
  EXPECT_NE(made.warnings[0].find("i386"), std::string::npos);
  ceiling.abis = {Abi::kI386};
  EXPECT_EQ(Generate({&recording, 1}, Under(ceiling)).status().code(), absl::StatusCode::kInvalidArgument);
}

// Where the ceiling tells ABIs apart, a profile that speaks by name has what it allows on all.
TEST(CeilingTest, NothingIsAllowedThatOneAbiRefuses) {
  Profile ceiling = EngineDefault();
  ceiling.rules = {
      {.names = {"read"}, .action = kAllowAction},
      {.names = {"lseek"}, .action = kAllowAction, .conditions = {{1, CompareOp::kEqual, uint64_t{1} << 32}}}};
  // On i386, whose arguments have 32 bits, the condition is that argument 1 is 0.
  const Recording recording = RecordingBuilder().Call("lseek").Call("lseek", 1, Abi::kI386).Call("read").Build();
  const GeneratedProfile made = MakeUnder(recording, Under(ceiling));
  EXPECT_TRUE(VerifyUnderCeiling(made.profile, Abi::kX86_64, ceiling).ok());
}

TEST(CeilingTest, NothingEverGrowsOnRandomCeilings) {
  std::mt19937 random(17);
  int narrowed = 0;
  int cut = 0;
  const int seeds = InputsToTry(40, 8);
  for (uint32_t seed = 0; seed < static_cast<uint32_t>(seeds); ++seed) {
    RandomProfiles profiles(seed);
    const Profile ceiling = profiles.Next();
    const absl::StatusOr<FilterProgram> limit = Compile(ceiling);
    if (!limit.ok()) continue;
    RecordingBuilder builder;
    std::set<std::string> seen;
    for (const Abi abi : {Abi::kX86_64, Abi::kI386}) {
      for (const SyscallEntry& entry : SyscallTable(abi)) {
        if (random() % 3 != 0 || IsExemptFromSeccomp({abi, entry.nr})) continue;
        builder.CallNumber({abi, entry.nr});
        seen.insert(entry.name);
      }
    }
    GenerateOptions options = Under(ceiling);
    options.unlisted = seed % 2 == 0 ? UnlistedMode::kEnosys : UnlistedMode::kKill;
    const Recording recording = builder.Build();
    const GeneratedProfile made = MakeUnder(recording, options);
    cut += static_cast<int>(made.cut.size());
    narrowed += static_cast<int>(made.narrowed.size());
    const FilterProgram program = Compile(made.profile).value();
    std::set<std::string> whole;
    for (const AllowedCall& call : made.calls) whole.insert(call.name);
    for (const NarrowedCall& call : made.narrowed) whole.erase(call.name);
    for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
      for (const int nr : NumbersToProve(abi)) {
        const SyscallId id{abi, nr};
        const std::string name = SyscallName(id).value_or("");
        for (int question = 0; question < 12; ++question) {
          Arguments arguments;
          for (uint64_t& argument : arguments) argument = profiles.Value() + random() % 2;
          const auto kind = [&](const FilterProgram& filter) {
            return ActionFromReturn(EvaluateStack({&filter, 1}, id, arguments)).kind;
          };
          if (kind(program) != ActionKind::kAllow) {
            const bool in_profile =
                std::find(made.profile.abis.begin(), made.profile.abis.end(), abi) != made.profile.abis.end();
            EXPECT_FALSE(whole.contains(name) && in_profile) << "seed " << seed << " " << name;
            continue;
          }
          EXPECT_GE(kind(*limit), ActionKind::kLog) << "seed " << seed << ", " << DisplayName(id);
          EXPECT_TRUE(seen.contains(name) || name == "socketcall" || name == "ipc") << DisplayName(id);
        }
      }
    }
  }
  EXPECT_GT(cut, 25 * seeds);
  EXPECT_GT(narrowed, seeds);
}

TEST(CeilingTest, TheProofFindsWhatIsBeyond) {
  const Profile ceiling = EngineDefault();
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64}};
  profile.rules = {
      {.names = {"clone"}, .action = kAllowAction, .conditions = {{0, CompareOp::kMaskedEqual, 0x7e020000, 0}}}};
  EXPECT_TRUE(VerifyUnderCeiling(profile, Abi::kX86_64, ceiling).ok());
  profile.rules[0].conditions[0].value = 0x7e000000;  // One flag less is looked at.
  const absl::Status status = VerifyUnderCeiling(profile, Abi::kX86_64, ceiling);
  EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
  EXPECT_NE(std::string(status.message()).find("clone"), std::string::npos) << status;
  EXPECT_EQ(VerifyUnderCeiling({.default_action = kAllowAction, .abis = {Abi::kX86_64}}, Abi::kX86_64, ceiling).code(),
            absl::StatusCode::kInternal);
}

TEST(VerifyTest, ConditionalCallsAnswerAsTheProfileSays) {
  Profile profile{.default_action = kEnosys, .abis = {Abi::kX86_64, Abi::kI386}};
  profile.rules = {{.names = {"socket"}, .action = kAllowAction, .conditions = {{0, CompareOp::kNotEqual, 40}}},
                   {.names = {"read"}, .action = kAllowAction}};
  EXPECT_TRUE(VerifyProfile(profile, Abi::kX86_64, {"read", "socket"}, {"socket"}).ok());
  EXPECT_FALSE(VerifyProfile(profile, Abi::kX86_64, {"read", "socket"}).ok()) << "nobody meant the condition";
  EXPECT_FALSE(VerifyProfile(profile, Abi::kX86_64, {"read"}).ok()) << "nobody meant the call";
  // libseccomp 2.5 makes a filter of these two that lets argument 0 = 0xffffffff with argument 2 = 0 through. A library
  // that has mended it is right to pass.
  profile.rules = {{.names = {"lseek"},
                    .action = kAllowAction,
                    .conditions = {{0, CompareOp::kGreaterOrEqual, 3}, {2, CompareOp::kEqual, 1}}},
                   {.names = {"lseek"},
                    .action = kAllowAction,
                    .conditions = {{0, CompareOp::kGreater, 0xffffffff}, {2, CompareOp::kEqual, 0}}}};
  const FilterProgram program = Compile(profile).value();
  const Action wrong =
      ActionFromReturn(EvaluateStack({&program, 1}, FindSyscall(Abi::kX86_64, "lseek").value(), {0xffffffff, 0, 0}));
  EXPECT_EQ(VerifyProfile(profile, Abi::kX86_64, {"lseek"}, {"lseek"}).ok(), wrong != kAllowAction);
}

}  // namespace
}  // namespace syscarve
