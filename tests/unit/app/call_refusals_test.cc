// SPDX-License-Identifier: Apache-2.0
#include "userspace/app/call_refusals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

#include "tests/unit/actions.h"
#include "userspace/model/syscall_table.h"
#include "userspace/read/profile_reader.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/program.h"

namespace syscarve {
namespace {

using ::testing::ElementsAre;

const CallWithValues kUnix = {.call = "socket", .values = {AF_UNIX, SOCK_STREAM, 0}};
const CallWithValues kUdp = {.call = "socket", .values = {AF_INET, SOCK_DGRAM, 0}};

// What the kernel would answer under `profile`.
Action Answer(const Profile& profile, std::string_view name, const std::array<uint64_t, 6>& arguments = {}) {
  const absl::StatusOr<FilterProgram> filter = Compile(profile);
  EXPECT_TRUE(filter.ok()) << filter.status();
  if (!filter.ok()) return {};
  const SyscallId id = FindSyscall(NativeAbi(), name).value();
  seccomp_data data = {.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
  std::ranges::copy(arguments, data.args);
  return ActionFromReturn(Evaluate(*filter, data));
}

Profile Refusing(const Refusals& refusals) {
  Profile profile{.default_action = kAllowAction, .abis = HostAbis()};
  absl::StatusOr<std::vector<Rule>> rules = RulesThatRefuse(refusals);
  EXPECT_TRUE(rules.ok()) << rules.status();
  if (rules.ok()) profile.rules = *std::move(rules);
  return profile;
}

Profile ContainerProfile(const std::optional<std::string>& asked, const std::optional<Profile>& by_default,
                         const Refusals& refusals) {
  const absl::StatusOr<std::string> text = ContainerProfileWithout(asked, by_default, {}, refusals);
  EXPECT_TRUE(text.ok()) << text.status();
  const absl::StatusOr<ProfileReading> reading = ReadProfileText(text.ok() ? *text : "{}", {});
  EXPECT_TRUE(reading.ok()) << reading.status();
  return reading.ok() ? reading->source.profile : Profile();
}

TEST(RefusalsTest, CallsAndValuesAreAnsweredENOSYS) {
  const Profile profile = Refusing({.calls = {"fstat", "getcwd"}, .values = {kUnix, kUdp}});
  EXPECT_EQ(Answer(profile, "fstat"), kEnosys);
  EXPECT_EQ(Answer(profile, "read"), kAllowAction);
  EXPECT_EQ(Answer(profile, "socket", {AF_UNIX, SOCK_STREAM, 0}), kEnosys);
  EXPECT_EQ(Answer(profile, "socket", {AF_INET, SOCK_DGRAM, 0}), kEnosys);
  EXPECT_EQ(Answer(profile, "socket", {AF_UNIX, SOCK_DGRAM, 0}), kAllowAction);
  EXPECT_EQ(Answer(profile, "socket", {AF_INET, SOCK_STREAM, 0}), kAllowAction);
  // The kernel does not look at the upper half of an int.
  constexpr uint64_t kDirt = 0xffffffffULL << 32;
  EXPECT_EQ(Answer(profile, "socket", {kDirt | AF_UNIX, kDirt | SOCK_STREAM, kDirt}), kEnosys);
}

TEST(RefusalsTest, AValueOfARefusedCallNeedsNoRule) {
  EXPECT_EQ(Refusing({.calls = {"socket"}, .values = {kUnix}}).rules.size(), 1U);
}

TEST(RefusalsTest, NothingIsLetThroughThatTheProfileRefuses) {
  Profile base{.default_action = kEperm, .abis = {NativeAbi()}};
  base.rules.push_back({.names = {"read", "fstat"}, .action = kAllowAction});
  base.rules.push_back({.names = {"socket"},
                        .action = kAllowAction,
                        .conditions = {{.index = 0, .op = CompareOp::kNotEqual, .value = AF_VSOCK}}});
  const absl::StatusOr<Profile> profile = Without(base, {.calls = {"fstat", "mount"}, .values = {}});
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(Answer(*profile, "read"), kAllowAction);
  EXPECT_EQ(Answer(*profile, "fstat"), kEnosys);
  EXPECT_FALSE(LetsThrough(Answer(*profile, "mount")));
  EXPECT_EQ(Answer(*profile, "socket", {AF_UNIX, SOCK_DGRAM, 0}), kAllowAction);
  EXPECT_FALSE(LetsThrough(Answer(*profile, "socket", {AF_VSOCK, SOCK_STREAM, 0})));
  EXPECT_FALSE(LetsThrough(Answer(*profile, "ptrace")));
}

TEST(RefusalsTest, AContainersOwnProfileIsWhatIsRefusedFrom) {
  const Refusals refusals = {.calls = {"fstat"}, .values = {}};
  const Profile by_default{
      .default_action = kEperm, .abis = {NativeAbi()}, .rules = {{.names = {"read", "fstat"}, .action = kAllowAction}}};
  const Profile changed = ContainerProfile(std::nullopt, by_default, refusals);
  EXPECT_EQ(Answer(changed, "fstat"), kEnosys);
  EXPECT_EQ(Answer(changed, "read"), kAllowAction);
  EXPECT_FALSE(LetsThrough(Answer(changed, "mount")));
  const Profile unconfined = ContainerProfile("unconfined", by_default, refusals);
  EXPECT_EQ(Answer(unconfined, "fstat"), kEnosys);
  EXPECT_EQ(Answer(unconfined, "mount"), kAllowAction);
  EXPECT_EQ(Answer(ContainerProfile(std::nullopt, std::nullopt, refusals), "mount"), kAllowAction);
  const std::string own =
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["write", "fstat"], "action": "SCMP_ACT_ALLOW"}]})";
  EXPECT_EQ(Answer(ContainerProfile(own, by_default, refusals), "write"), kAllowAction);
  EXPECT_FALSE(LetsThrough(Answer(ContainerProfile(own, by_default, refusals), "read")));
  EXPECT_FALSE(ContainerProfileWithout("/a/path", by_default, {}, refusals).ok());
}

SeenArguments Sockets(std::vector<std::vector<uint64_t>> values) {
  SeenArguments seen = {.indexes = {0, 1, 2}};
  for (std::vector<uint64_t>& one : values) seen.values[std::move(one)] = {0};
  return seen;
}

TEST(RefusalsTest, WhatCanBeRefusedIsWhatIsKnownOfAllRuns) {
  Recording recording;
  const SyscallId socket = FindSyscall(NativeAbi(), "socket").value();
  const SyscallId prctl = FindSyscall(NativeAbi(), "prctl").value();
  const SyscallId read = FindSyscall(NativeAbi(), "read").value();
  for (const CallWithValues& values : {kUnix, kUdp}) {
    syscarve::Run run;
    run.subjects[0].calls[socket] = {.count = 1, .arguments = Sockets({values.values})};
    run.subjects[0].calls[read] = {.count = 1};
    run.subjects[0].calls[prctl] = {.count = 1};  // Without its arguments.
    recording.runs.push_back(run);
  }
  const absl::StatusOr<RecordedUse> use = UseIn(recording);
  ASSERT_TRUE(use.ok()) << use.status();
  EXPECT_THAT(use->calls, ElementsAre("prctl", "read", "socket"));
  EXPECT_THAT(use->values, ElementsAre(kUnix, kUdp));
  EXPECT_THAT(use->open, ElementsAre("prctl"));
  EXPECT_EQ(ValuesText(kUnix), "socket(AF_UNIX, SOCK_STREAM, 0)");
  EXPECT_EQ(RefusalsWords({.calls = {"read"}, .values = {kUdp}}), "read socket(AF_INET, SOCK_DGRAM, IPPROTO_IP)");
  EXPECT_EQ(RefusalsWords({}), "nothing");
}

TEST(RefusalsTest, WithoutSomeCallsNothingStarts) {
  EXPECT_TRUE(IsIndispensable("execve"));
  EXPECT_FALSE(IsIndispensable("execveat"));
}

}  // namespace
}  // namespace syscarve
