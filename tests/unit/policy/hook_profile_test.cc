// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/hook_profile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>

#include "tests/unit/policy/recordings.h"

namespace syscarve {
namespace {

void Runtime(std::map<SyscallId, Observation>& calls, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) calls[FindSyscall(Abi::kX86_64, name).value()] = {.count = 1};
}

void MakeContainer(Recording& recording, std::optional<ContainerStart> start) {
  Subject& subject = recording.subjects[0];
  subject.kind = SubjectKind::kContainer;
  subject.start = start;
  subject.container = Container{.runtime = {.name = "runc", .version = "1.1.5"}};
}

Recording Recorded(ContainerStart start) {
  RecordingBuilder builder;
  builder.Calls({"execve", "read", "write"});
  Runtime(builder.trace().runtime_calls, {"mount", "pivot_root"});
  if (start.filtered) Runtime(builder.trace().baseline_calls, {"capset", "setuid"});
  MakeContainer(builder.recording(), start);
  return builder.Build();
}

KnownBaseline Measured(bool no_new_privs, std::vector<std::string> names) {
  return {{.runtime = "runc", .version = "1.1.5", .no_new_privs = no_new_privs, .names = std::move(names)},
          BaselineOrigin::kHost};
}

HookProfile Decide(const Recording& recording, std::vector<KnownBaseline> known,
                   std::vector<OccasionalCalls> occasional = {}) {
  const auto decided = DecideHookProfile(recording, known, occasional);
  EXPECT_TRUE(decided.ok()) << decided.status();
  return decided.value_or(HookProfile{});
}

void ExpectNames(const HookProfile& profile, std::initializer_list<const char*> in,
                 std::initializer_list<const char*> out) {
  for (const char* name : in) EXPECT_TRUE(profile.names.contains(name)) << name;
  for (const char* name : out) EXPECT_FALSE(profile.names.contains(name)) << name;
}

TEST(HookProfileTest, HasWhatWasSeenAndItsClosure) {
  const HookProfile profile = Decide(Recorded({.filtered = true}), {});
  ExpectNames(profile, {"execve", "read", "write", "exit_group", "restart_syscall"}, {});
  EXPECT_EQ(profile.abis, std::vector<Abi>{Abi::kX86_64});
  EXPECT_EQ(profile.default_errno, std::nullopt);
}

TEST(HookProfileTest, UnderAFilterTheRuntimesCallsUnderItCountAndThoseBeforeDoNot) {
  const OccasionalCalls go = {.id = "go", .runtimes = {"runc"}, .names = {"futex"}, .reason = "threads"};
  ExpectNames(Decide(Recorded({.filtered = true}), {}, {go}), {"capset", "setuid", "futex"}, {"mount", "pivot_root"});
}

TEST(HookProfileTest, WithoutAFilterTheMeasuredCallsCount) {
  ExpectNames(Decide(Recorded({}), {Measured(false, {"chdir"})}), {"chdir"}, {"mount", "pivot_root"});
}

TEST(HookProfileTest, WithoutAFilterAndAMeasureItMustStillStart) {
  const HookProfile profile = Decide(Recorded({}), {});
  ExpectNames(profile, {"mount", "pivot_root"}, {});
  ASSERT_EQ(profile.sources.size(), 1u);
  EXPECT_TRUE(profile.warnings.empty()) << profile.warnings.front();
}

TEST(HookProfileTest, NamesEveryAbiThatWasSeen) {
  RecordingBuilder builder;
  builder.Call("read").Call("write", 1, Abi::kI386);
  MakeContainer(builder.recording(), ContainerStart{.filtered = true});
  EXPECT_EQ(Decide(builder.Build(), {}).abis, (std::vector<Abi>{Abi::kX86_64, Abi::kI386}));
}

TEST(HookProfileTest, WhatFellBackOnEnosysMayDoSoAgain) {
  RecordingBuilder builder;
  builder.Call("read").Denied("clone3", ENOSYS);
  EXPECT_EQ(Decide(builder.Build(), {}).default_errno, ENOSYS);
  RecordingBuilder refused;
  refused.Call("read").Denied("mount", EPERM);
  EXPECT_EQ(Decide(refused.Build(), {}).default_errno, std::nullopt);
}

TEST(HookProfileTest, AContainerThatNeverStartedHasNoProfile) {
  RecordingBuilder builder;
  Runtime(builder.trace().runtime_calls, {"mount"});
  EXPECT_EQ(DecideHookProfile(builder.Build(), {}, {}).status().code(), absl::StatusCode::kDataLoss);
}

TEST(HookProfileTest, AnIncompleteRecordingIsRefused) {
  Recording recording = Recorded({.filtered = true});
  recording.losses.push_back({.what = "slots_full", .count = 1, .missed_calls = true});
  EXPECT_EQ(DecideHookProfile(recording, {}, {}).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace syscarve
