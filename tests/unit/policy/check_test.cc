// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/check.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <optional>
#include <set>

#include "tests/unit/actions.h"
#include "tests/unit/effort.h"
#include "tests/unit/policy/recordings.h"
#include "tests/unit/seccomp/random_profiles.h"
#include "userspace/model/recording_words.h"
#include "userspace/policy/generate.h"
#include "userspace/seccomp/compile.h"
#include "userspace/shipped/recorded_arguments.h"

namespace syscarve {
namespace {

constexpr Action kKillThread{ActionKind::kKillThread, 0};

Profile Allowing(std::vector<std::string> names) {
  return {
      .default_action = kEperm, .abis = {Abi::kX86_64}, .rules = {{.names = std::move(names), .action = kAllowAction}}};
}

Profile AllowingSocketWhen(std::vector<ArgumentCondition> conditions) {
  return {.default_action = kEperm,
          .abis = {Abi::kX86_64},
          .rules = {{.names = {"socket"}, .action = kAllowAction, .conditions = std::move(conditions)}}};
}

CheckResult Checked(const Profile& profile, const Recording& recording) {
  absl::StatusOr<CheckResult> result = Check(profile, recording);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : CheckResult{};
}

std::set<std::string> CallNames(const std::vector<CheckedCall>& calls) {
  std::set<std::string> names;
  for (const CheckedCall& call : calls) names.insert(DisplayName(call.id));
  return names;
}

RecordingBuilder Socket(std::optional<SeenArguments> arguments) {
  RecordingBuilder builder;
  builder.Call("socket", 2);
  builder.trace().calls.begin()->second.arguments = std::move(arguments);
  return builder;
}

// Of these arguments, each list of values once.
SeenArguments Were(std::vector<int> indexes, const std::vector<std::vector<uint64_t>>& values) {
  SeenArguments seen = {.indexes = std::move(indexes)};
  for (const std::vector<uint64_t>& one : values) seen.values[one] = {0};
  return seen;
}

TEST(CheckTest, WhatTheProfileAllowsIsNotNamed) {
  const CheckResult result = Checked(Allowing({"read", "write"}), RecordingBuilder().Calls({"read", "write"}).Build());
  EXPECT_TRUE(result.refused.empty());
  EXPECT_TRUE(result.depends.empty());
  EXPECT_EQ(result.checked, 2U);
  EXPECT_TRUE(result.complete);
}

TEST(CheckTest, WhatItRefusesIsNamedWithItsEvidence) {
  const CheckResult result =
      Checked(Allowing({"read"}), RecordingBuilder("unit").Call("read").Call("mount", 3).Build());
  ASSERT_EQ(CallNames(result.refused), std::set<std::string>{"mount"});
  const CheckedCall& call = result.refused[0];
  EXPECT_EQ(call.answers, std::vector<Action>{kEperm});
  EXPECT_FALSE(call.by_runtime);
  EXPECT_EQ(call.count(), 3U);
  ASSERT_EQ(call.sightings.size(), 1U);
  EXPECT_EQ(call.sightings[0].run_name, "unit");
  EXPECT_EQ(call.sightings[0].subject, "program");
  EXPECT_EQ(call.sightings[0].after_start_nanos, 12'345'678U);
  EXPECT_EQ(call.sightings[0].programs.begin()->first.path, "/usr/bin/program");
}

TEST(CheckTest, TheRuntimesCallsUnderTheFilterAreToldApart) {
  RecordingBuilder builder;
  builder.Calls({"read", "chdir"});
  const SyscallId chdir = FindSyscall(Abi::kX86_64, "chdir").value();
  builder.trace().baseline_calls[chdir] = {.count = 1, .programs = {{0, 1}}};
  builder.trace().runtime_calls[FindSyscall(Abi::kX86_64, "mount").value()] = {.count = 1, .programs = {{0, 1}}};
  const CheckResult result = Checked(Allowing({"read"}), builder.Build());
  ASSERT_EQ(result.refused.size(), 2U);  // Not mount: no filter was there.
  EXPECT_FALSE(result.refused[0].by_runtime);
  EXPECT_TRUE(result.refused[1].by_runtime);
  EXPECT_EQ(result.refused[1].id, chdir);
  EXPECT_FALSE(result.refused[1].sightings[0].after_start_nanos.has_value());
}

TEST(CheckTest, AnAbiThatTheProfileDoesNotListIsKilled) {
  const CheckResult result = Checked(Allowing({"read"}), RecordingBuilder().Call("read", 1, Abi::kI386).Build());
  ASSERT_EQ(result.refused.size(), 1U);
  EXPECT_EQ(result.refused[0].answers, std::vector<Action>{kKillThread});
}

TEST(CheckTest, ANumberWithoutANameIsAskedAboutToo) {
  const CheckResult result = Checked(Allowing({"read"}), RecordingBuilder().CallNumber({Abi::kX86_64, 999}).Build());
  EXPECT_EQ(CallNames(result.refused), std::set<std::string>{"#999"});
}

TEST(CheckTest, LoggedIsLetThrough) {
  Profile profile = Allowing({"read"});
  profile.default_action = {ActionKind::kLog, 0};
  const CheckResult result = Checked(profile, RecordingBuilder().Calls({"read", "mount"}).Build());
  EXPECT_TRUE(result.refused.empty());
  EXPECT_TRUE(result.depends.empty());
}

TEST(CheckTest, ATracerDecidesForItself) {
  Profile profile = Allowing({"read"});
  profile.default_action = {ActionKind::kTrace, 7};
  const CheckResult result = Checked(profile, RecordingBuilder().Calls({"read", "mount"}).Build());
  EXPECT_TRUE(result.refused.empty());
  EXPECT_EQ(CallNames(result.depends), std::set<std::string>{"mount"});
}

TEST(CheckTest, WithoutRecordedArgumentsItDependsOnThem) {
  const CheckResult result =
      Checked(AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = 1}}), Socket(std::nullopt).Build());
  EXPECT_TRUE(result.refused.empty());
  ASSERT_EQ(CallNames(result.depends), std::set<std::string>{"socket"});
  EXPECT_EQ(result.depends[0].answers, (std::vector<Action>{kEperm, kAllowAction}));
}

TEST(CheckTest, RecordedArgumentsDecide) {
  const Profile profile = AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = 1}});
  EXPECT_TRUE(Checked(profile, Socket(Were({0}, {{1}})).Build()).depends.empty());
  EXPECT_TRUE(Checked(profile, Socket(Were({0}, {{1}})).Build()).refused.empty());
  EXPECT_EQ(Checked(profile, Socket(Were({0}, {{2}, {10}})).Build()).refused.size(), 1U);
  EXPECT_EQ(Checked(profile, Socket(Were({0}, {{1}, {2}})).Build()).depends.size(), 1U);
}

// The kernel looks at 32 bits of a family and a filter at 64: what was in the others is known where it is said.
// clone3's flags are in memory: where clone is narrowed it is answered with ENOSYS, and libcs fall back.
TEST(CheckTest, WhatEverybodyFallsBackFromIsNotMissed) {
  Profile profile = Allowing({"clone"});
  profile.rules.push_back({.names = {"clone3", "statx"}, .action = {ActionKind::kErrno, ENOSYS}});
  const CheckResult result = Checked(profile, RecordingBuilder().Calls({"clone", "clone3", "statx"}).Build());
  EXPECT_EQ(CallNames(result.refused), std::set<std::string>{"statx"});
  EXPECT_EQ(result.checked, 3U);
}

TEST(CheckTest, UpperHalvesDecideAsFarAsTheyAreKnown) {
  const Profile profile = AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = 1}});
  SeenArguments seen = Were({0}, {{1}});
  EXPECT_TRUE(Checked(profile, Socket(seen).Build()).depends.empty());
  seen.dirty = true;
  EXPECT_EQ(Checked(profile, Socket(seen).Build()).depends.size(), 1U);
  const Profile masked =
      AllowingSocketWhen({{.index = 0, .op = CompareOp::kMaskedEqual, .value = 0xffffffff, .value_two = 1}});
  EXPECT_TRUE(Checked(masked, Socket(seen).Build()).depends.empty());
  // -1 comes as 0xffffffff or with the sign in the upper half.
  const Profile minus_one = AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = ~uint64_t{0}}});
  EXPECT_EQ(Checked(minus_one, Socket(Were({0}, {{0xffffffff}})).Build()).depends.size(), 1U);
}

TEST(CheckTest, WhatWasNotRecordedDecidesNothing) {
  const Profile profile = AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = 1}});
  SeenArguments open = Were({0}, {{1}});
  open.open = true;
  EXPECT_EQ(Checked(profile, Socket(open).Build()).depends.size(), 1U);
  // Another argument's values say nothing of this one, and what an argument points to nothing of itself.
  EXPECT_EQ(Checked(profile, Socket(Were({1}, {{1}})).Build()).depends.size(), 1U);
  SeenArguments pointed_to = Were({0}, {{1}});
  pointed_to.pointed_to = true;
  EXPECT_EQ(Checked(profile, Socket(pointed_to).Build()).depends.size(), 1U);
}

TEST(CheckTest, ValuesOfSeveralArgumentsAreTakenTogether) {
  const Profile profile =
      AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = 1},
                          {.index = 1, .op = CompareOp::kMaskedEqual, .value = 15, .value_two = 2}});
  EXPECT_TRUE(Checked(profile, Socket(Were({0, 1}, {{1, 2}, {1, 2 | 0x800}})).Build()).depends.empty());
  EXPECT_EQ(Checked(profile, Socket(Were({0, 1}, {{1, 2}, {2, 2}})).Build()).depends.size(), 1U);
  EXPECT_EQ(Checked(profile, Socket(Were({0, 1}, {{1, 1}, {2, 2}})).Build()).refused.size(), 1U);
}

// prctl's second argument is recorded beside some options only; beside the others it is 0, whatever it was.
TEST(CheckTest, AnArgumentThatWasNotRecordedBesideTheFirstCanHaveBeenAnything) {
  RecordingBuilder builder;
  builder.Call("prctl", 2);
  const auto checked = [&](uint64_t option) {
    builder.trace().calls.begin()->second.arguments = Were({0, 1}, {{option, 0}});
    const Profile profile = {.default_action = kEperm,
                             .abis = {Abi::kX86_64},
                             .rules = {{.names = {"prctl"},
                                        .action = kAllowAction,
                                        .conditions = {{.index = 1, .op = CompareOp::kEqual, .value = 0}}}}};
    return Checked(profile, builder.Build()).depends.size();
  };
  EXPECT_EQ(checked(PR_SET_DUMPABLE), 0U);
  EXPECT_EQ(checked(PR_SET_NAME), 1U);
}

TEST(CheckTest, ValuesOfAllRunsCountAndOneRunWithoutLeavesThemOpen) {
  Recording recording = Socket(Were({0}, {{1}})).Build();
  syscarve::Run other = recording.runs[0];
  other.id = std::string(32, 'b');
  recording.runs.push_back(other);
  const auto socket = [](auto& run) -> Observation& { return run.subjects[0].calls.begin()->second; };
  const Profile profile = AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = 1}});
  EXPECT_TRUE(Checked(profile, recording).depends.empty());
  recording.runs.Update(0, [&](auto& run) { socket(run).arguments = Were({0}, {{2}}); });
  EXPECT_EQ(Checked(profile, recording).depends.size(), 1U);
  recording.runs.Update(0, [&](auto& run) { socket(run).arguments = Were({0}, {{1}}); });
  recording.runs.Update(1, [&](auto& run) { socket(run).arguments.reset(); });
  EXPECT_EQ(Checked(profile, recording).depends.size(), 1U);
}

// Every register that can have held the recorded values, asked of the compiled filter one by one. Upper halves that are
// not known are tried as all that a filter of RandomProfiles tells apart.
std::set<Action> BruteForce(const FilterProgram& filter, SyscallId id, const SeenArguments& seen) {
  const ArgumentTable& table = **ShippedArgumentTable();
  const RecordedCalls& recorded = **ShippedRecordedCalls();
  std::set<Action> answers;
  for (const auto& [values, programs] : seen.values) {
    std::vector<std::array<uint64_t, 6>> combinations = {{}};
    for (size_t i = 0; i < values.size(); ++i) {
      const uint64_t told = DeterminedBits(table, recorded, id, seen.indexes, values, i);
      std::set<uint64_t> registers;
      for (const uint64_t high : {0ULL, 1ULL, 2ULL, 0xffffffffULL}) {
        registers.insert((values[i] & told) | (high << 32 & ~told));
        registers.insert((values[i] & told) | ((high << 32 | 0xffffffff) & ~told));
      }
      std::vector<std::array<uint64_t, 6>> longer;
      for (std::array<uint64_t, 6> combination : combinations) {
        for (const uint64_t value : registers) {
          combination[static_cast<size_t>(seen.indexes[i])] = value;
          longer.push_back(combination);
        }
      }
      combinations = std::move(longer);
    }
    for (const std::array<uint64_t, 6>& combination : combinations) {
      seccomp_data data = {.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
      std::copy(combination.begin(), combination.end(), data.args);
      answers.insert(ActionFromReturn(Evaluate(filter, data)));
    }
  }
  return answers;
}

TEST(CheckTest, AgreesWithTheFilterOnEveryCombinationOfRecordedValues) {
  RandomProfiles profiles(7);
  size_t refused = 0;
  size_t depends = 0;
  size_t allowed = 0;
  const size_t rounds = InputsToTry<size_t>(60, 12);
  for (size_t round = 0; round < rounds;) {
    const Profile profile = profiles.Next();
    const absl::StatusOr<FilterProgram> compiled = Compile(profile);
    if (!compiled.ok()) continue;  // libseccomp does not take every rule twice.
    const FilterProgram& filter = *compiled;
    ++round;
    RecordingBuilder builder;
    for (const Rule& rule : profile.rules) {
      for (const std::string& name : rule.names) {
        for (const Abi abi : {Abi::kX86_64, Abi::kI386, Abi::kX32}) {
          const std::optional<SyscallId> id = FindSyscall(abi, name);
          if (!id.has_value() || IsExemptFromSeccomp(*id)) continue;
          builder.CallNumber(*id);
          std::vector<std::vector<uint64_t>> values(2);
          for (std::vector<uint64_t>& all : values) {
            for (int index = 0; index < 6; ++index) all.push_back(profiles.Value());
          }
          builder.trace().calls[*id].arguments = Were({0, 1, 2, 3, 4, 5}, values);
          builder.trace().calls[*id].arguments->dirty = true;
        }
      }
    }
    const CheckResult result = Checked(profile, builder.Build());
    std::map<SyscallId, std::vector<Action>> named;
    for (const CheckedCall& call : result.refused) named[call.id] = call.answers;
    for (const CheckedCall& call : result.depends) named[call.id] = call.answers;
    for (const auto& [id, observation] : builder.trace().calls) {
      const std::set<Action> expected = BruteForce(filter, id, *observation.arguments);
      if (expected == std::set<Action>{kAllowAction}) {
        ++allowed;
        ASSERT_FALSE(named.contains(id)) << DisplayName(id);
        continue;
      }
      if (expected == std::set<Action>{{ActionKind::kErrno, ENOSYS}} &&
          HasCallWithRegisters(**ShippedRecordedCalls(), SyscallName(id).value_or(""))) {
        ASSERT_FALSE(named.contains(id)) << DisplayName(id);
        continue;
      }
      ASSERT_EQ(named[id], std::vector<Action>(expected.begin(), expected.end())) << DisplayName(id);
      ++(expected.contains(kAllowAction) ? depends : refused);
    }
    ASSERT_EQ(result.checked, builder.trace().calls.size());
  }
  EXPECT_GT(refused, 2 * rounds);
  EXPECT_GT(depends, rounds / 6);
  EXPECT_GT(allowed, 2 * rounds);
}

TEST(CheckTest, WhatAFilterRefusedWhileRecordingIsToldForWhatItIs) {
  RecordingBuilder builder;
  builder.Call("read").Denied("mount", EPERM).Denied("vfork", 0).Denied("bpf", EACCES).Denied("clone3", EPERM);
  builder.Denied("unshare", kDenialTrapped).Denied("socket", EPERM).Denied("getpid", 0);
  Profile profile = AllowingSocketWhen({{.index = 0, .op = CompareOp::kEqual, .value = 2}});
  profile.rules.push_back({.names = {"read", "getpid"}, .action = kAllowAction});
  profile.rules.push_back({.names = {"clone3"}, .action = {ActionKind::kErrno, ENOSYS}});
  profile.rules.push_back({.names = {"unshare"}, .action = {ActionKind::kTrap, 0}});
  const CheckResult result = Checked(profile, builder.Build());
  EXPECT_EQ(result.checked, 1U);
  EXPECT_TRUE(result.refused.empty());
  std::map<std::string, RefusedAgain> outcomes;
  for (const CheckedRefusal& refused : result.refused_before) outcomes[refused.call.name] = refused.outcome;
  EXPECT_EQ(outcomes, (std::map<std::string, RefusedAgain>{{"mount", RefusedAgain::kSame},
                                                           {"vfork", RefusedAgain::kRefused},
                                                           {"bpf", RefusedAgain::kRefused},
                                                           {"clone3", RefusedAgain::kHarmless},
                                                           {"unshare", RefusedAgain::kSame},
                                                           {"socket", RefusedAgain::kDepends},
                                                           {"getpid", RefusedAgain::kAllowed}}));
  EXPECT_TRUE(result.HasRefusals());
  EXPECT_FALSE(Checked(profile, RecordingBuilder().Denied("mount", EPERM).Build()).HasRefusals());
}

TEST(CheckTest, UretprobeIsAskedAboutWhereTheKernelDoes) {
  const Recording recording = RecordingBuilder().Call("read").Denied("uretprobe", 0).Build();
  const auto outcome = [&](std::optional<KernelVersion> kernel) {
    return Check(Allowing({"read"}), recording, kernel).value().refused_before.at(0).outcome;
  };
  EXPECT_EQ(outcome(std::nullopt), RefusedAgain::kRefused) << "it was refused where it was recorded";
  EXPECT_EQ(outcome(KernelVersion{6, 11}), RefusedAgain::kRefused);
  EXPECT_EQ(outcome(KernelVersion{6, 14}), RefusedAgain::kUnfiltered);
  const Recording made = RecordingBuilder().Call("uretprobe").Build();
  EXPECT_EQ(Check(Allowing({"read"}), made, KernelVersion{6, 13}).value().refused.size(), 1U);
  EXPECT_EQ(Check(Allowing({"read"}), made, KernelVersion{6, 14}).value().refused.size(), 0U);
}

TEST(CheckTest, AProfileOfAnotherArchitectureIsRefused) {
  Profile profile = Allowing({"read"});
  profile.abis = {Abi::kAarch64};
  EXPECT_EQ(Check(profile, RecordingBuilder().Call("read").Build()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(CheckTest, WhatGenerateMakesRefusesNothingOfItsRecording) {
  RecordingBuilder builder;
  builder.Calls({"read", "openat", "clone3"}).Call("getpid", 1, Abi::kI386).Call("write", 1, Abi::kX32);
  const GeneratedProfile made = Generate(std::vector{builder.Build()}, {.closure = ClosureMode::kNone}).value();
  const CheckResult result = Checked(made.profile, builder.Build());
  EXPECT_EQ(result.checked, 5U);
  EXPECT_TRUE(result.refused.empty());
  EXPECT_TRUE(result.depends.empty());
}

}  // namespace
}  // namespace syscarve
