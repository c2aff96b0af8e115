// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_json.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace syscarve {
namespace {

std::string ProfileErrorOf(std::string_view text) {
  return std::string(ParseProfile(text).status().message());
}

// A profile whose only entry has `fields` beside a name and an action.
std::string WithRuleEntry(std::string_view fields) {
  return R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{)" + std::string(fields) + "}]}";
}

Profile FullProfile() {
  Profile profile;
  profile.default_action = {.kind = ActionKind::kErrno, .value = ENOSYS};
  profile.abis = {Abi::kX86_64, Abi::kI386, Abi::kX32};
  profile.flags = {"SECCOMP_FILTER_FLAG_LOG"};
  profile.rules = {{.names = {"openat", "read"}, .action = {.kind = ActionKind::kAllow}},
                   {.names = {"personality"},
                    .action = {.kind = ActionKind::kAllow},
                    .conditions = {{.index = 0, .op = CompareOp::kMaskedEqual, .value = UINT32_MAX, .value_two = 8},
                                   {.index = 5, .op = CompareOp::kGreater, .value = UINT64_MAX}},
                    .comment = "only \"PER_LINUX\""},
                   {.names = {"mount"}, .action = {.kind = ActionKind::kErrno, .value = EPERM}},
                   {.names = {"ptrace"}, .action = {.kind = ActionKind::kTrace, .value = 65535}},
                   {.names = {"reboot"}, .action = {.kind = ActionKind::kKillProcess}}};
  return profile;
}

TEST(ProfileJsonTest, FormatAndParseAreInverses) {
  const std::string text = FormatProfile(FullProfile());
  const auto parsed = ParseProfile(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(*parsed, FullProfile());
  EXPECT_EQ(FormatProfile(*parsed), text);
}

TEST(ProfileJsonTest, EveryActionAndOperatorRoundTrips) {
  for (int kind = 0; kind <= static_cast<int>(ActionKind::kAllow); ++kind) {
    for (int op = 0; op <= static_cast<int>(CompareOp::kMaskedEqual); ++op) {
      Profile profile;
      profile.abis = {Abi::kAarch64, Abi::kArm};
      profile.default_action = {.kind = static_cast<ActionKind>(kind)};
      profile.rules = {{.names = {"read"},
                        .action = {.kind = static_cast<ActionKind>(kind)},
                        .conditions = {{.op = static_cast<CompareOp>(op)}}}};
      const auto parsed = ParseProfile(FormatProfile(profile));
      ASSERT_TRUE(parsed.ok()) << parsed.status();
      EXPECT_EQ(*parsed, profile);
    }
  }
}

TEST(ProfileJsonTest, FormatWritesPlainOciFields) {
  Profile profile = FullProfile();
  profile.flags.clear();
  profile.rules.resize(2);
  profile.rules[1].conditions.resize(1);
  EXPECT_EQ(FormatProfile(profile), R"({
  "defaultAction": "SCMP_ACT_ERRNO",
  "defaultErrnoRet": 38,
  "architectures": [
    "SCMP_ARCH_X86_64",
    "SCMP_ARCH_X86",
    "SCMP_ARCH_X32"
  ],
  "syscalls": [
    {
      "names": [
        "openat",
        "read"
      ],
      "action": "SCMP_ACT_ALLOW"
    },
    {
      "names": [
        "personality"
      ],
      "action": "SCMP_ACT_ALLOW",
      "args": [
        {
          "index": 0,
          "value": 4294967295,
          "valueTwo": 8,
          "op": "SCMP_CMP_MASKED_EQ"
        }
      ],
      "comment": "only \"PER_LINUX\""
    }
  ]
}
)");
}

TEST(ProfileJsonTest, ReadsMobysSpelling) {
  const auto parsed = ParseProfile(R"({
    "defaultAction": "SCMP_ACT_ERRNO",
    "archMap": [
      {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
      {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
      {"architecture": "SCMP_ARCH_S390X", "subArchitectures": ["SCMP_ARCH_S390"]},
      {"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null}
    ],
    "syscalls": [
      {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW", "args": [], "comment": "", "includes": {}, "excludes": {}},
      {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": null,
       "includes": {"caps": null, "arches": []}, "excludes": {"minKernel": ""}},
      {"name": "ptrace", "action": "SCMP_ACT_ALLOW", "args": null, "comment": "debuggers"},
      {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
       "args": [{"index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]}
    ]})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  const std::span<const Abi> served = AbisServedBeside(NativeAbi());
  EXPECT_EQ(parsed->abis, std::vector<Abi>(served.begin(), served.end()));
  EXPECT_EQ(parsed->default_action, (Action{ActionKind::kErrno, EPERM}));
  ASSERT_EQ(parsed->rules.size(), 4u);
  EXPECT_EQ(parsed->rules[0].names, (std::vector<std::string>{"read", "write"}));
  EXPECT_EQ(parsed->rules[1].action, (Action{ActionKind::kErrno, ENOSYS}));
  EXPECT_EQ(parsed->rules[2].names, std::vector<std::string>{"ptrace"});
  EXPECT_EQ(parsed->rules[2].comment, "debuggers");
  EXPECT_EQ(parsed->rules[3].conditions, (std::vector<ArgumentCondition>{{.value = 8}}));
}

TEST(ProfileJsonTest, ReadsErrnoWords) {
  const auto parsed = ParseProfile(R"({
    "defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOSYS", "defaultErrnoRet": 38,
    "syscalls": [
      {"names": ["a"], "action": "SCMP_ACT_ERRNO", "errno": "EPERM"},
      {"names": ["b"], "action": "SCMP_ACT_ERRNO", "errno": "95"},
      {"names": ["c"], "action": "SCMP_ACT_ERRNO", "errno": "EOPNOTSUPP"},
      {"names": ["d"], "action": "SCMP_ACT_ERRNO", "errno": "EWOULDBLOCK"},
      {"names": ["e"], "action": "SCMP_ACT_ERRNO", "errno": ""},
      {"names": ["f"], "action": "SCMP_ACT_ALLOW", "errno": ""}
    ]})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->default_action.value, ENOSYS);
  std::vector<int> values;
  for (const Rule& rule : parsed->rules) values.push_back(rule.action.value);
  EXPECT_EQ(values, (std::vector<int>{EPERM, EOPNOTSUPP, EOPNOTSUPP, EAGAIN, EPERM, 0}));
}

TEST(ProfileJsonTest, WithoutArchitecturesItSpeaksOfTheNativeOne) {
  for (const char* text :
       {R"({"defaultAction": "SCMP_ACT_ALLOW"})",
        R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": [], "syscalls": null})",
        R"({"defaultAction": "SCMP_ACT_ALLOW", "architectures": null, "archMap": null})",
        R"({"defaultAction": "SCMP_ACT_ALLOW", "archMap": [{"architecture": "SCMP_ARCH_PPC64LE"}]})"}) {
    const auto parsed = ParseProfile(text);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(parsed->abis, std::vector<Abi>{NativeAbi()});
    EXPECT_TRUE(parsed->rules.empty());
  }
}

TEST(ProfileJsonTest, ArchitecturesAreSortedAndDistinct) {
  const auto parsed = ParseProfile(
      R"({"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_ARM", "SCMP_ARCH_X86", "SCMP_ARCH_ARM"]})");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->abis, (std::vector{Abi::kI386, Abi::kArm}));
}

TEST(ProfileJsonTest, ARepeatedArgumentIndexMakesOneRulePerCondition) {
  const auto parsed =
      ParseProfile(WithRuleEntry(R"("names": ["socket"], "action": "SCMP_ACT_ALLOW", "comment": "c", "args": [
      {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"},
      {"index": 1, "value": 2, "op": "SCMP_CMP_EQ"},
      {"index": 0, "value": 3, "op": "SCMP_CMP_NE"}])"));
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  ASSERT_EQ(parsed->rules.size(), 3u);
  for (const Rule& rule : parsed->rules) {
    EXPECT_EQ(rule.names, std::vector<std::string>{"socket"});
    EXPECT_EQ(rule.action.kind, ActionKind::kAllow);
    EXPECT_EQ(rule.conditions.size(), 1u);
    EXPECT_EQ(rule.comment, "c");
  }
  EXPECT_EQ(parsed->rules[1].conditions[0], (ArgumentCondition{.index = 1, .value = 2}));
  EXPECT_EQ(parsed->rules[2].conditions[0], (ArgumentCondition{.index = 0, .op = CompareOp::kNotEqual, .value = 3}));
}

struct BadProfile {
  std::string text;
  std::string error;  // Behind "not a valid seccomp profile: ".
};

class BadProfileTest : public testing::TestWithParam<BadProfile> {};

TEST_P(BadProfileTest, IsRefusedWithItsPlace) {
  const auto parsed = ParseProfile(GetParam().text);
  EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(parsed.status().message()), "not a valid seccomp profile: " + GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadProfileTest,
    testing::Values(
        BadProfile{"[]", "expected an object, found an array"},
        BadProfile{R"({"syscalls": [{}]})", R"(the field "defaultAction" is missing)"},
        BadProfile{R"({"defaultAction": "SCMP_ACT_DENY"})", R"(defaultAction: unknown action "SCMP_ACT_DENY")"},
        BadProfile{R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "defaultErrno": "ENOSYS"})",
                   R"(defaultErrno: does not agree with "defaultErrnoRet")"},
        BadProfile{R"({"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENOPE"})",
                   R"(defaultErrno: unknown errno "ENOPE")"},
        BadProfile{R"({"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_I386"]})",
                   R"(architectures[0]: unknown architecture "SCMP_ARCH_I386")"},
        BadProfile{
            R"({"defaultAction": "SCMP_ACT_LOG", "architectures": ["SCMP_ARCH_X86"], "archMap": [{"architecture": "SCMP_ARCH_X86"}]})",
            R"(both "architectures" and "archMap" are given, and only one may be)"},
        BadProfile{R"({"defaultAction": "SCMP_ACT_LOG", "archMap": [{"architecture": "x86"}]})",
                   R"(archMap[0].architecture: unknown architecture "x86")"},
        BadProfile{WithRuleEntry(R"("names": ["read"], "name": "read", "action": "SCMP_ACT_ALLOW")"),
                   R"(syscalls[0]: both "names" and "name" are given, and only one may be)"},
        BadProfile{WithRuleEntry(R"("names": ["re ad"], "action": "SCMP_ACT_ALLOW")"),
                   R"(syscalls[0].names[0]: "re ad" cannot be the name of a system call)"},
        BadProfile{WithRuleEntry(R"("names": ["read"])"), R"(syscalls[0]: the field "action" is missing)"},
        BadProfile{
            WithRuleEntry(
                R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}])"),
            "syscalls[0].args[0].index: 6 is outside 0 to 5"},
        BadProfile{
            WithRuleEntry(
                R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}])"),
            "syscalls[0].args[0].value: expected an unsigned integer, found a negative integer"},
        BadProfile{
            WithRuleEntry(
                R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "=="}])"),
            R"(syscalls[0].args[0].op: unknown operator "==")"},
        BadProfile{
            WithRuleEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]})"),
            "syscalls[0]: the entry depends on a container's capabilities, which a file alone does not say"},
        BadProfile{WithRuleEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "4.8"})"),
                   "syscalls[0]: the entry depends on a container's kernel, which a file alone does not say"},
        BadProfile{WithRuleEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4"})"),
                   R"(syscalls[0].includes.minKernel: "4" is no kernel version, such as "4.8")"}));

struct ConditionCase {
  std::string conditions;  // Members of an entry.
  ProfileTarget target;
  bool holds;
};

class ConditionTest : public testing::TestWithParam<ConditionCase> {};

TEST_P(ConditionTest, IsDecidedAsMobyDoes) {
  const auto parsed = ParseProfile(
      WithRuleEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", )" + GetParam().conditions), GetParam().target);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->rules.size(), GetParam().holds ? 1u : 0u);
}

constexpr int kSysPtrace = 19;
constexpr int kSysAdmin = 21;

ProfileTarget TargetWith(std::set<int> capabilities, KernelVersion kernel = {.major = 4, .minor = 8},
                         Abi native = Abi::kX86_64) {
  return {.native = native, .capabilities = std::move(capabilities), .kernel = kernel};
}

INSTANTIATE_TEST_SUITE_P(
    All, ConditionTest,
    testing::Values(
        ConditionCase{R"("includes": {}, "excludes": {})", TargetWith({}), true},
        ConditionCase{R"("includes": null)", {}, true},
        ConditionCase{R"("includes": {"caps": [], "arches": null, "minKernel": ""})", {}, true},
        ConditionCase{R"("includes": {"caps": ["CAP_SYS_ADMIN"]})", TargetWith({kSysAdmin}), true},
        ConditionCase{R"("includes": {"caps": ["CAP_SYS_ADMIN"]})", TargetWith({}), false},
        ConditionCase{R"("includes": {"caps": ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]})", TargetWith({kSysAdmin}), false},
        ConditionCase{R"("includes": {"caps": ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]})",
                      TargetWith({kSysAdmin, kSysPtrace}), true},
        ConditionCase{R"("excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]})", TargetWith({kSysAdmin}), false},
        ConditionCase{R"("excludes": {"caps": ["CAP_SYS_ADMIN", "CAP_SYS_PTRACE"]})", TargetWith({}), true},
        ConditionCase{R"("includes": {"arches": ["amd64", "x32"]})", TargetWith({}), true},
        ConditionCase{R"("includes": {"arches": ["x86_64"]})", TargetWith({}), false},
        ConditionCase{R"("includes": {"arches": ["s390", "s390x"]})", TargetWith({}), false},
        ConditionCase{R"("includes": {"arches": ["arm", "arm64"]})", TargetWith({}, {6, 1}, Abi::kAarch64), true},
        ConditionCase{R"("excludes": {"arches": ["amd64", "x32"]})", TargetWith({}), false},
        ConditionCase{R"("excludes": {"arches": ["s390"]})", TargetWith({}), true},
        ConditionCase{R"("includes": {"minKernel": "4.8"})", TargetWith({}), true},
        ConditionCase{R"("includes": {"minKernel": "4.8"})", TargetWith({}, {4, 7}), false},
        ConditionCase{R"("includes": {"minKernel": "4.8"})", TargetWith({}, {4, 10}), true},
        ConditionCase{R"("includes": {"minKernel": "4.8"})", TargetWith({}, {6, 1}), true},
        ConditionCase{R"("excludes": {"minKernel": "4.8"})", TargetWith({}, {6, 1}), false},
        ConditionCase{R"("excludes": {"minKernel": "4.8"})", TargetWith({}, {3, 10}), true},
        // All that is said must hold, of both.
        ConditionCase{R"("includes": {"caps": ["CAP_SYS_ADMIN"], "minKernel": "4.8"})", TargetWith({}), false},
        ConditionCase{R"("includes": {"arches": ["amd64"]}, "excludes": {"caps": ["CAP_SYS_ADMIN"]})",
                      TargetWith({kSysAdmin}), false},
        ConditionCase{
            R"("includes": {"arches": ["amd64"], "caps": ["CAP_SYS_ADMIN"]}, "excludes": {"arches": ["arm"]})",
            TargetWith({kSysAdmin}), true},
        // What is decided anyway needs nothing else.
        ConditionCase{R"("includes": {"arches": ["s390x"], "caps": ["CAP_SYS_ADMIN"], "minKernel": "4.8"})",
                      {.native = Abi::kX86_64},
                      false},
        ConditionCase{R"("includes": {"minKernel": "4.8"}, "excludes": {"caps": ["CAP_SYS_ADMIN"]})",
                      {.native = Abi::kX86_64, .kernel = KernelVersion{3, 10}},
                      false}));

TEST(ProfileJsonTest, TellsWhatItDependedOn) {
  const auto used = [](std::string_view conditions, const ProfileTarget& target) {
    ProfileDependencies dependencies;
    (void)ParseProfile(WithRuleEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", )" + std::string(conditions)),
                       target, &dependencies);
    return std::pair(dependencies.capabilities, dependencies.kernel);
  };
  EXPECT_EQ(used(R"("includes": {"arches": ["amd64"]})", {}), std::pair(false, false));
  EXPECT_EQ(used(R"("includes": {"caps": ["CAP_KILL"]})", {}), std::pair(true, false));
  EXPECT_EQ(used(R"("excludes": {"caps": ["CAP_KILL"]})", TargetWith({})), std::pair(true, false));
  EXPECT_EQ(used(R"("includes": {"minKernel": "4.8"})", TargetWith({})), std::pair(false, true));
}

TEST(ProfileJsonTest, ArchMapIsReadForTheTargetsArchitecture) {
  constexpr std::string_view kText = R"({"defaultAction": "SCMP_ACT_ERRNO", "archMap": [
      {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
      {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}]})";
  EXPECT_EQ(ParseProfile(kText, {.native = Abi::kAarch64}).value().abis, (std::vector{Abi::kAarch64, Abi::kArm}));
  EXPECT_EQ(ParseProfile(kText, {.native = Abi::kX86_64}).value().abis, (std::vector{Abi::kX86_64, Abi::kI386}));
  EXPECT_EQ(ParseProfile(kText, {.native = Abi::kArm}).value().abis, std::vector{Abi::kArm});
}

TEST(ProfileJsonTest, WithoutActionAndEntriesItIsNoFilterAtAll) {
  for (const char* text : {"{}", R"({"defaultAction": ""})", R"({"defaultAction": "", "syscalls": []})",
                           R"({"syscalls": null, "architectures": ["SCMP_ARCH_X86_64"]})"}) {
    const auto parsed = ParseProfile(text, {.native = Abi::kX86_64});
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed,
              (Profile{.default_action = {.kind = ActionKind::kAllow}, .abis = {Abi::kX86_64, Abi::kI386, Abi::kX32}}));
  }
}

TEST(ProfileJsonTest, AListenerIsKept) {
  const std::string text =
      R"({"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/run/a.sock", "listenerMetadata": "m", "syscalls": [
          {"names": ["mount"], "action": "SCMP_ACT_NOTIFY"}]})";
  const absl::StatusOr<Profile> profile = ParseProfile(text);
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->listener_path, "/run/a.sock");
  EXPECT_EQ(profile->listener_metadata, "m");
  EXPECT_EQ(ParseProfile(FormatProfile(*profile)).value(), *profile);
}

TEST(ProfileJsonTest, WhatIsNotJsonIsRefused) {
  EXPECT_EQ(ProfileErrorOf(""), "not a seccomp profile: line 1, column 1: there is nothing in it");
  EXPECT_EQ(ProfileErrorOf(R"({"schema": "syscarve.recording/2", "runs": []})"),
            "not a seccomp profile: it has none of the fields of one");
  EXPECT_EQ(ProfileErrorOf(std::string(kMaxProfileBytes + 1, ' ')),
            "not a seccomp profile: larger than 16777216 bytes, the most that is read");
}

TEST(ProfileJsonTest, AChangedByteIsRefusedOrRoundTrips) {
  const std::string text = FormatProfile(FullProfile());
  for (size_t place = 0; place < text.size(); ++place) {
    for (const int change : {0x01, 0x20, 0x80}) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ change);
      const auto parsed = ParseProfile(changed);
      if (!parsed.ok()) continue;
      const auto again = ParseProfile(FormatProfile(*parsed));
      ASSERT_TRUE(again.ok()) << "byte " << place << ": " << again.status();
      ASSERT_EQ(*again, *parsed) << "byte " << place;
    }
    if (place + 1 < text.size()) {
      ASSERT_FALSE(ParseProfile(std::string_view(text).substr(0, place)).ok()) << place;
    }
  }
}

}  // namespace
}  // namespace syscarve
