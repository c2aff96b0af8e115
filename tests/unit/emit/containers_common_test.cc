// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/containers_common.h"

#include <gtest/gtest.h>

#include "userspace/model/profile_json.h"

namespace syscarve {
namespace {

constexpr Abi kHost[] = {Abi::kX86_64};
constexpr Abi kHostAndI386[] = {Abi::kX86_64, Abi::kI386};

ContainersCommonMerge Merge(std::string_view input, std::set<std::string> names, std::span<const Abi> abis = kHost,
                            std::optional<int> default_errno = std::nullopt) {
  const auto parsed = ParseContainersCommonProfile(input);
  EXPECT_TRUE(parsed.ok()) << parsed.status();
  if (!parsed.ok()) return {};
  return MergeContainersCommon(*parsed, {.names = std::move(names), .abis = abis, .default_errno = default_errno});
}

// The shape, byte for byte, of what Go's encoder writes for containers-common's types.
TEST(ContainersCommonTest, WithoutAnInputThereIsOneEntry) {
  EXPECT_EQ(Merge("{}", {"write", "accept4", "read"}).text,
            R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[)"
            R"({"names":["accept4","read","write"],"action":"SCMP_ACT_ALLOW","args":[],"comment":"",)"
            R"("includes":{},"excludes":{}}]})");
}

TEST(ContainersCommonTest, TheInputStaysAndStandsFirst) {
  const auto merge = Merge(
      R"({"syscalls": [{"action": "SCMP_ACT_KILL", "name": "mkdir"},
                       {"names": ["read"], "action": "SCMP_ACT_ALLOW", "comment": "mine",
                        "args": [{"op": "SCMP_CMP_EQ", "index": 0, "value": 18446744073709551615, "valueTwo": 0}],
                        "errnoRet": null, "includes": {"caps": ["CAP_SYS_ADMIN"]}, "errno": "ENOSYS"}],
          "flags": ["SECCOMP_FILTER_FLAG_LOG"], "defaultErrnoRet": 38, "defaultAction": "SCMP_ACT_KILL"})",
      {"mkdir", "read", "write"});
  EXPECT_EQ(
      merge.text,
      R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"architectures":["SCMP_ARCH_X86_64"],"syscalls":[)"
      R"({"name":"mkdir","action":"SCMP_ACT_KILL","args":[],"comment":"","includes":{},"excludes":{}},)"
      R"({"names":["read"],"action":"SCMP_ACT_ALLOW",)"
      R"("args":[{"op":"SCMP_CMP_EQ","index":0,"value":18446744073709551615,"valueTwo":0}],"comment":"mine",)"
      R"("includes":{"caps":["CAP_SYS_ADMIN"]},"excludes":{},"errno":"ENOSYS"},)"
      R"({"names":["write"],"action":"SCMP_ACT_ALLOW","args":[],"comment":"","includes":{},"excludes":{}}],)"
      R"("flags":["SECCOMP_FILTER_FLAG_LOG"]})");
  EXPECT_EQ(merge.decided_by_input,
            (std::map<std::string, std::string>{{"mkdir", "SCMP_ACT_KILL"}, {"read", "SCMP_ACT_ALLOW"}}));
}

TEST(ContainersCommonTest, NothingNewGivesNoNamelessEntry) {
  EXPECT_EQ(Merge(R"({"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]})", {"read"}).text,
            R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[)"
            R"({"names":["read"],"action":"SCMP_ACT_ALLOW","args":[],"comment":"","includes":{},"excludes":{}}]})");
  EXPECT_EQ(Merge("{}", {}).text,
            R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[]})");
}

TEST(ContainersCommonTest, ItsOwnOutputIsAFixedPoint) {
  const std::string once = Merge("{}", {"read", "write"}).text;
  EXPECT_EQ(Merge(once, {"read", "write"}).text, once);
}

TEST(ContainersCommonTest, NamesTheArchitecturesInTheListThatTheInputUses) {
  EXPECT_NE(Merge(R"({"architectures": ["SCMP_ARCH_AARCH64"]})", {}, kHostAndI386)
                .text.find(R"("architectures":["SCMP_ARCH_AARCH64","SCMP_ARCH_X86_64","SCMP_ARCH_X86"])"),
            std::string::npos);
  EXPECT_NE(
      Merge(R"({"architectures": ["SCMP_ARCH_X86_64"]})", {}).text.find(R"("architectures":["SCMP_ARCH_X86_64"])"),
      std::string::npos);
  const std::string map =
      R"({"archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X32"]}]})";
  EXPECT_EQ(Merge(map, {}).text,
            R"({"defaultAction":"SCMP_ACT_ERRNO",)"
            R"("archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X32"]}],"syscalls":[]})");
  EXPECT_NE(Merge(map, {}, kHostAndI386).text.find(R"("subArchitectures":["SCMP_ARCH_X32","SCMP_ARCH_X86"])"),
            std::string::npos);
  EXPECT_NE(Merge(R"({"archMap": [{"architecture": "SCMP_ARCH_AARCH64"}]})", {}, kHostAndI386)
                .text.find(R"({"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]})"),
            std::string::npos);
}

TEST(ContainersCommonTest, ADefaultErrnoIsAddedOnlyWhereTheInputHasNone) {
  EXPECT_NE(Merge("{}", {}, kHost, 38).text.find(R"("defaultErrnoRet":38)"), std::string::npos);
  EXPECT_NE(Merge(R"({"defaultErrnoRet": 1})", {}, kHost, 38).text.find(R"("defaultErrnoRet":1)"), std::string::npos);
  EXPECT_EQ(Merge(R"({"defaultErrno": "EPERM"})", {}, kHost, 38).text.find("defaultErrnoRet"), std::string::npos);
}

TEST(ContainersCommonTest, KeepsMembersItDoesNotKnow) {
  EXPECT_EQ(
      Merge(R"({"x-owner": {"a": [1]}, "syscalls": [{"action": "SCMP_ACT_ALLOW", "names": ["a"], "why": "b"}]})", {})
          .text,
      R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[)"
      R"({"names":["a"],"action":"SCMP_ACT_ALLOW","args":[],"comment":"","includes":{},"excludes":{},"why":"b"}],)"
      R"("x-owner":{"a":[1]}})");
}

TEST(ContainersCommonTest, ReadsBackAsAProfile) {
  const auto profile = ParseProfile(Merge("{}", {"read", "write"}).text);
  ASSERT_TRUE(profile.ok()) << profile.status();
  ASSERT_EQ(profile->rules.size(), 1u);
  EXPECT_EQ(profile->rules[0].names, (std::vector<std::string>{"read", "write"}));
}

// As Go's decoder does: keys in any letter case, the last of two, and nothing for null. An entry that went unread would
// let its call through.
TEST(ContainersCommonTest, ReadsKeysAsGoDoes) {
  const char* const cases[] = {
      R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO"}]})",
      R"({"DefaultAction":"SCMP_ACT_ALLOW","Syscalls":[{"NAMES":["mkdir"],"Action":"SCMP_ACT_ERRNO"}]})",
      R"({"syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ALLOW","action":"SCMP_ACT_ERRNO"}]})",
      R"({"syscalls":[{"names":["read"],"names":["mkdir"],"action":"SCMP_ACT_ERRNO","args":null,"includes":null}]})",
      R"({"architectures":null,"syscalls":null,"SYSCALLS":[{"name":"mkdir","action":"SCMP_ACT_ERRNO"}]})",
  };
  for (const char* text : cases) {
    const ContainersCommonMerge merge = Merge(text, {"mkdir", "write"});
    EXPECT_EQ(merge.decided_by_input, (std::map<std::string, std::string>{{"mkdir", "SCMP_ACT_ERRNO"}})) << text;
    const auto profile = ParseProfile(merge.text);
    ASSERT_TRUE(profile.ok()) << profile.status() << text;
    ASSERT_EQ(profile->rules.size(), 2u) << merge.text;
    EXPECT_EQ(profile->rules[0].names, std::vector<std::string>{"mkdir"}) << merge.text;
    EXPECT_EQ(profile->rules[0].action.kind, ActionKind::kErrno) << merge.text;
    EXPECT_EQ(profile->rules[1].names, std::vector<std::string>{"write"}) << merge.text;
  }
}

TEST(ContainersCommonTest, RefusesWhatIsNoProfile) {
  const char* const cases[] = {
      "",
      "[]",
      "\"text\"",
      "{",
      "{} {}",
      R"({"defaultAction": 1})",
      R"({"architectures": "SCMP_ARCH_X86_64"})",
      R"({"architectures": [1]})",
      R"({"archMap": [1]})",
      R"({"archMap": [{"architecture": 1}]})",
      R"({"syscalls": {}})",
      R"({"syscalls": [null]})",
      R"({"syscalls": ["read"]})",
      R"({"syscalls": [{"names": "read"}]})",
      R"({"syscalls": [{"names": [null]}]})",
      R"({"syscalls": [{"name": []}]})",
      R"({"syscalls": [{"action": 7}]})",
      R"({"syscalls": [{"args": [{"index": "0"}]}]})",
      R"({"syscalls": [{"args": [{"value": -1}]}]})",
      R"({"syscalls": [{"includes": {"caps": "x"}}]})",
      R"({"flags": {}})",
  };
  for (const char* text : cases) {
    EXPECT_EQ(ParseContainersCommonProfile(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace syscarve
