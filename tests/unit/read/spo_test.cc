// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/spo.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "userspace/read/profile_reader.h"

namespace syscarve {
namespace {

constexpr std::string_view kFull = R"(apiVersion: security-profiles-operator.x-k8s.io/v1beta1
kind: SeccompProfile
metadata:
  name: web
  namespace: shop
  annotations:
    spo.x-k8s.io/syscall-coverage: '{"version":"v1","total":2,"syscalls":{"read":2,"write":1}}'
  managedFields:
  - apiVersion: security-profiles-operator.x-k8s.io/v1beta1
    fieldsType: FieldsV1
    fieldsV1:
      f:spec:
        .: {}
        f:syscalls: {}
      f:status:
        f:conditions:
          k:{"type":"Ready"}:
            .: {}
    manager: kubectl
spec:
  defaultAction: SCMP_ACT_ERRNO
  architectures:
  - SCMP_ARCH_NATIVE
  - SCMP_ARCH_X86
  flags: [SECCOMP_FILTER_FLAG_LOG]
  syscalls:
  - action: SCMP_ACT_ALLOW
    names: [read, write]
  - action: SCMP_ACT_ERRNO
    errnoRet: 38
    names:
    - clone3
  - action: SCMP_ACT_ALLOW
    names: [personality]
    args:
    - index: 0
      op: SCMP_CMP_MASKED_EQ
      value: -1
      valueTwo: -9223372036854775808
  - action: SCMP_ACT_ALLOW
    names: [socket]
    args:
    - op: SCMP_CMP_EQ
status:
  status: Installed
  path: /var/lib/kubelet/seccomp/operator/shop/web.json
)";

Profile FullProfile() {
  Profile profile;
  profile.default_action = {.kind = ActionKind::kErrno, .value = 1};
  profile.abis = {Abi::kX86_64, Abi::kI386};
  profile.flags = {"SECCOMP_FILTER_FLAG_LOG"};
  profile.rules = {
      {.names = {"read", "write"}, .action = {.kind = ActionKind::kAllow}},
      {.names = {"clone3"}, .action = {.kind = ActionKind::kErrno, .value = 38}},
      {.names = {"personality"},
       .action = {.kind = ActionKind::kAllow},
       .conditions =
           {{.index = 0, .op = CompareOp::kMaskedEqual, .value = UINT64_MAX, .value_two = uint64_t{1} << 63}}},
      {.names = {"socket"}, .action = {.kind = ActionKind::kAllow}, .conditions = {{}}}};
  return profile;
}

absl::StatusOr<ProfileReading> ReadSpo(std::string_view text) {
  return ReadProfileText(text, {.native = Abi::kX86_64});
}

std::string SpoErrorOf(std::string_view text) {
  const auto reading = ReadSpo(text);
  EXPECT_EQ(reading.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(reading.status().message());
}

// A profile called `name`, with `spec` below its spec.
std::string Object(std::string_view name, std::string_view spec, std::string_view version = "v1") {
  return "apiVersion: security-profiles-operator.x-k8s.io/" + std::string(version) +
         "\nkind: SeccompProfile\nmetadata:\n  name: " + std::string(name) + "\nspec:\n  " + std::string(spec) + "\n";
}

TEST(SpoTest, ReadsAnObjectAsKubectlExportsIt) {
  const auto reading = ReadSpo(kFull);
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(reading->source.profile, FullProfile());
  EXPECT_EQ(reading->format, "SeccompProfile");
  EXPECT_TRUE(reading->warnings.empty());
}

TEST(SpoTest, ReadsJsonsSpellingAndEveryVersion) {
  for (const std::string version : {"v1", "v1beta1", "v1alpha1"}) {
    const auto json = ReadSpo(R"({"apiVersion": "security-profiles-operator.x-k8s.io/)" + version +
                              R"(", "kind": "SeccompProfile", "metadata": {"name": "a"}, "spec": {
        "defaultAction": "SCMP_ACT_LOG", "syscalls": [{"action": "SCMP_ACT_ERRNO", "errnoRet": 0, "names": ["a"]}]}})");
    ASSERT_TRUE(json.ok()) << json.status();
    // Nothing said of the errno is EPERM, and zero is nothing.
    EXPECT_EQ(json->source.profile.rules[0].action.value, 1);
    EXPECT_EQ(json->source.profile.abis, std::vector{Abi::kX86_64});
  }
}

TEST(SpoTest, ReadsTheOneProfileOfAList) {
  const auto list = ReadSpo(R"({"apiVersion": "v1", "kind": "List", "items": [
      {"apiVersion": "v1", "kind": "ConfigMap", "data": {}},
      {"apiVersion": "security-profiles-operator.x-k8s.io/v1", "kind": "SeccompProfile", "metadata": {"name": "a"},
       "spec": {"defaultAction": "SCMP_ACT_LOG"}}]})");
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->warnings, std::vector<std::string>{"other objects are not looked at: ConfigMap"});
  const auto documents =
      ReadSpo("apiVersion: v1\nkind: Namespace\n---\n" + Object("a", "defaultAction: SCMP_ACT_LOG") + "---\n");
  ASSERT_TRUE(documents.ok()) << documents.status();
  EXPECT_EQ(documents->warnings, std::vector<std::string>{"other objects are not looked at: Namespace"});
}

TEST(SpoTest, SaysWhatIsMissing) {
  const auto based = ReadSpo(Object("a", "defaultAction: SCMP_ACT_ERRNO\n  baseProfileName: runc-v1.4.2"));
  ASSERT_TRUE(based.ok()) << based.status();
  EXPECT_EQ(based->warnings,
            std::vector<std::string>{
                "it adds to the base profile runc-v1.4.2, which is not here: that one's calls are missing"});
  for (const char* spec :
       {"defaultAction: SCMP_ACT_ERRNO\n  disabled: true", "defaultAction: SCMP_ACT_ERRNO\n  state: Disabled"}) {
    const auto disabled = ReadSpo(Object("a", spec));
    ASSERT_TRUE(disabled.ok()) << disabled.status();
    EXPECT_EQ(disabled->warnings, std::vector<std::string>{"it is disabled: the operator does not install it"});
  }
  EXPECT_TRUE(ReadSpo(Object("a", "defaultAction: SCMP_ACT_ERRNO\n  disabled: false\n  baseProfileName: ''"))
                  .value()
                  .warnings.empty());
}

TEST(SpoTest, SeveralProfilesAreNamed) {
  const std::string both =
      Object("web", "defaultAction: SCMP_ACT_LOG") + "---\n" + Object("\"c\\eche\"", "defaultAction: SCMP_ACT_LOG");
  EXPECT_EQ(SpoErrorOf(both),
            "there are several profiles: web, c\\x1bche. Hint: Choose one by its name behind the file's, as in "
            "FILE#web.");
}

std::vector<std::pair<ProfileNoteKind, std::string>> NotesOf(std::string_view text) {
  const auto reading = ReadSpo(text);
  EXPECT_TRUE(reading.ok()) << reading.status();
  std::vector<std::pair<ProfileNoteKind, std::string>> notes;
  if (!reading.ok()) return notes;
  for (const ProfileNote& note : reading->source.notes) {
    notes.emplace_back(note.kind, note.path);
    EXPECT_GT(note.place.line, 0u) << note.message;
  }
  return notes;
}

TEST(SpoTest, WhatTheApiServerDropsIsNoted) {
  using Kind = ProfileNoteKind;
  using Notes = std::vector<std::pair<Kind, std::string>>;
  EXPECT_EQ(NotesOf(kFull), Notes());
  EXPECT_EQ(NotesOf(Object("a", "defaultAction: SCMP_ACT_LOG\n  targetWorkload: web\n  state: Maybe")),
            (Notes{{Kind::kDroppedField, "spec.targetWorkload"}, {Kind::kUnknownState, "spec.state"}}));
  // The operator knows no conditions of this kind, so it does not heed them.
  EXPECT_EQ(NotesOf(Object("a",
                           "defaultAction: SCMP_ACT_LOG\n  syscalls: [{names: [a], action: SCMP_ACT_ALLOW, args: null, "
                           "excludes: {caps: [CAP_KILL]}}]")),
            (Notes{{Kind::kDroppedField, "spec.syscalls[0].excludes"}}));
  const std::string seven =
      "{op: SCMP_CMP_EQ}, {op: SCMP_CMP_NE}, {op: SCMP_CMP_NE}, {op: SCMP_CMP_NE}, {op: SCMP_CMP_NE}, "
      "{op: SCMP_CMP_NE}, {op: SCMP_CMP_NE}";
  EXPECT_EQ(
      NotesOf(Object("a", "defaultAction: SCMP_ACT_LOG\n  syscalls: [{names: [a], action: SCMP_ACT_ALLOW, args: [" +
                              seven + "]}]")),
      (Notes{{Kind::kManyConditions, "syscalls[0].args"}}));
}

TEST(SpoTest, TheOlderGroupIsReadAndNamed) {
  const auto reading = ReadSpo(
      "apiVersion: seccomp-operator.x-k8s.io/v1alpha1\nkind: SeccompProfile\nmetadata:\n  name: a\nspec:\n"
      "  defaultAction: SCMP_ACT_ERRNO\n");
  ASSERT_TRUE(reading.ok()) << reading.status();
  ASSERT_EQ(reading->source.notes.size(), 1u);
  EXPECT_EQ(reading->source.notes[0].kind, ProfileNoteKind::kOlderApiGroup);
  EXPECT_NE(reading->source.notes[0].message.find("seccomp-operator.x-k8s.io/v1alpha1"), std::string::npos);
}

TEST(SpoTest, EntriesHaveTheLinesOfTheText) {
  const auto reading = ReadSpo(kFull);
  ASSERT_TRUE(reading.ok()) << reading.status();
  EXPECT_EQ(reading->source.entries.at(1).line, 29u);
  EXPECT_EQ(reading->source.entries.at(1).name_lines.at(0), 32u);
  EXPECT_EQ(reading->source.default_line, 21u);
}

struct BadCase {
  std::string text;
  std::string error;
};

class BadSpoTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadSpoTest, IsRefused) {
  EXPECT_EQ(SpoErrorOf(GetParam().text), GetParam().error);
}

INSTANTIATE_TEST_SUITE_P(
    All, BadSpoTest,
    testing::Values(
        BadCase{"apiVersion: v1\nkind: Pod\n",
                "there is no SeccompProfile of the Security Profiles Operator in it, only Pod"},
        BadCase{"apiVersion: v1\nkind: List\nitems: []\n",
                "there is no SeccompProfile of the Security Profiles Operator in it"},
        BadCase{"apiVersion: example.com/v1\nkind: SeccompProfile\n",
                "there is no SeccompProfile of the Security Profiles Operator in it, only SeccompProfile of "
                "example.com/v1"},
        BadCase{Object("a", "defaultAction: SCMP_ACT_LOG", "v9"), R"(SeccompProfile a: the version "v9" is not known)"},
        BadCase{"apiVersion: security-profiles-operator.x-k8s.io/v1\nkind: SeccompProfile\n",
                R"(SeccompProfile (no name): the field "spec" is missing)"},
        BadCase{Object("a", "- x"), "SeccompProfile a: spec: expected an object, found an array"},
        BadCase{Object("a", "syscalls: []\n  architectures: [SCMP_ARCH_X86]"),
                R"(SeccompProfile a: spec: the field "defaultAction" is missing)"},
        BadCase{Object("a", "defaultAction: SCMP_ACT_LOG\n  baseProfileName: [b]"),
                "SeccompProfile a: spec.baseProfileName: expected a string, found an array"},
        BadCase{Object("a",
                       "defaultAction: SCMP_ACT_LOG\n  syscalls: [{names: [a], action: SCMP_ACT_ALLOW, args: [{op: "
                       "SCMP_CMP_EQ, index: -1}]}]"),
                "SeccompProfile a: not a valid seccomp profile: syscalls[0].args[0].index: expected an unsigned "
                "integer, found a negative integer"},
        BadCase{Object("a",
                       "defaultAction: SCMP_ACT_LOG\n  syscalls: [{names: [a], action: SCMP_ACT_ALLOW, errnoRet: "
                       "-1}]"),
                "SeccompProfile a: not a valid seccomp profile: syscalls[0].errnoRet: expected an unsigned integer, "
                "found a negative integer"}));

TEST(SpoTest, AChangedByteIsReadOrRefused) {
  const std::string text(kFull);
  for (size_t place = 0; place < text.size(); ++place) {
    for (const int change : {0x01, 0x20, 0x80}) {
      std::string changed = text;
      changed[place] = static_cast<char>(changed[place] ^ change);
      (void)ReadSpo(changed);
    }
    (void)ReadSpo(text.substr(0, place));
  }
}

}  // namespace
}  // namespace syscarve
