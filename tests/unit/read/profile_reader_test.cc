// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/profile_reader.h"

#include <gtest/gtest.h>

#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/meaning.h"

namespace syscarve {
namespace {

// One profile in every spelling.
constexpr std::string_view kJson = R"({
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
  "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}],
  "syscalls": [
    {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
    {"name": "mount", "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]},
    {"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 18446744073709551607, "valueTwo": 8, "op": "SCMP_CMP_MASKED_EQ"}]}
  ]})";

constexpr std::string_view kYaml = R"(
defaultAction: SCMP_ACT_ERRNO
defaultErrno: ENOSYS
architectures: [SCMP_ARCH_X86_64, SCMP_ARCH_X86]
syscalls:
- names: [write, read, mount]
  action: SCMP_ACT_ALLOW
- names: [socket]
  action: SCMP_ACT_ALLOW
  args: [{index: 0, value: 2, op: SCMP_CMP_EQ}]
- names: [socket]
  action: SCMP_ACT_ALLOW
  args: [{index: 0, value: 1, op: SCMP_CMP_EQ}]
- names: [personality]
  action: SCMP_ACT_ALLOW
  args: [{index: 0, value: 0xfffffffffffffff7, valueTwo: 8, op: SCMP_CMP_MASKED_EQ}]
)";

ProfileTarget Administrator() {
  return {.native = Abi::kX86_64, .capabilities = std::set<int>{21}, .kernel = KernelVersion{6, 1}};
}

// Whether two texts mean the same for `target`.
bool SameMeaning(std::string_view a, std::string_view b, const ProfileTarget& target) {
  const auto first = ReadProfileText(a, target);
  const auto second = ReadProfileText(b, target);
  EXPECT_TRUE(first.ok()) << first.status();
  EXPECT_TRUE(second.ok()) << second.status();
  const auto first_meaning = MeaningOf(first->source.profile, target.native);
  const auto second_meaning = MeaningOf(second->source.profile, target.native);
  EXPECT_TRUE(first_meaning.ok() && second_meaning.ok());
  const bool equal = Equal(*first_meaning, *second_meaning).value();
  return equal;
}

TEST(ProfileReaderTest, SpellingsOfOneProfileMeanTheSame) {
  EXPECT_TRUE(SameMeaning(kJson, kYaml, Administrator()));
  EXPECT_TRUE(SameMeaning(kJson, "// web\n" + std::string(kJson), Administrator()));
  // And not by accident.
  ProfileTarget nobody = Administrator();
  nobody.capabilities = std::set<int>();
  EXPECT_FALSE(SameMeaning(kJson, kYaml, nobody));
}

TEST(ProfileReaderTest, WhatIsWrittenMeansWhatWasRead) {
  for (const std::string_view text : {kJson, kYaml}) {
    const auto read = ReadProfileText(text, Administrator());
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE(SameMeaning(text, FormatProfile(read->source.profile), Administrator()));
  }
}

TEST(ProfileReaderTest, TellsTheFormat) {
  EXPECT_EQ(ReadProfileText(kJson, Administrator()).value().format, "Docker or OCI JSON");
  EXPECT_EQ(ReadProfileText(kYaml, Administrator()).value().format, "Docker or OCI YAML");
}

TEST(ProfileReaderTest, SaysWhatItDependedOn) {
  EXPECT_TRUE(ReadProfileText(kJson, Administrator()).value().used.capabilities);
  EXPECT_FALSE(ReadProfileText(kYaml, Administrator()).value().used.capabilities);
}

TEST(ProfileReaderTest, SaysThatEverythingIsAllowed) {
  for (const char* text : {"{}", R"({"defaultAction": "SCMP_ACT_ALLOW"})"}) {
    EXPECT_EQ(ReadProfileText(text, {}).value().warnings, std::vector<std::string>{"it allows every call"}) << text;
  }
}

TEST(ProfileReaderTest, NothingAtAllIsNoProfile) {
  for (const char* text : {"", "\n", "---\n", "# comment\n"}) {
    EXPECT_EQ(std::string(ReadProfileText(text, {}).status().message()),
              "not a seccomp profile: there is nothing in it")
        << text;
  }
}

TEST(ProfileReaderTest, ProfilesAreToldFromRecordings) {
  EXPECT_TRUE(LooksLikeProfile(kJson));
  EXPECT_TRUE(LooksLikeProfile(kYaml));
  EXPECT_TRUE(LooksLikeProfile("// web\n{}"));
  EXPECT_TRUE(LooksLikeProfile(R"({"kind": "SeccompProfile"})"));
  EXPECT_TRUE(LooksLikeProfile(R"({"linux": {"x": [1]}, "ociVersion": "1.0.2"})"));
  EXPECT_TRUE(LooksLikeProfile(R"({"DefaultAction": "SCMP_ACT_ERRNO"})"));
  EXPECT_TRUE(LooksLikeProfile(R"({"_comment": "schema", "defaultAction": })"));
  EXPECT_TRUE(LooksLikeProfile("apiVersion: x/v1\nkind: SeccompProfile\n"));
  EXPECT_FALSE(LooksLikeProfile(R"({"schema": "syscarve.recording/2"})"));
  EXPECT_FALSE(LooksLikeProfile("execve(\"/bin/true\", [\"true\"], 0x7ffe) = 0\n"));
  EXPECT_FALSE(LooksLikeProfile("type=SECCOMP msg=audit(1.2:3): arch=c000003e syscall=41\n"));
}

}  // namespace
}  // namespace syscarve
