// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_note.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "userspace/base/concat.h"
#include "userspace/model/profile_source.h"

namespace syscarve {
namespace {

using NoteKind = ProfileNoteKind;

absl::StatusOr<ProfileSource> Read(std::string_view text) {
  return ParseProfileSource(text,
                            {.native = Abi::kX86_64, .capabilities = std::set<int>(), .kernel = KernelVersion{6, 1}});
}

std::string WithEntry(std::string_view members) {
  return Concat(R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{)", members, "}]}");
}

struct Case {
  std::string text;
  std::vector<std::pair<NoteKind, std::string>> notes;  // With their paths.
};

class ProfileNoteTest : public testing::TestWithParam<Case> {};

TEST_P(ProfileNoteTest, IsReadAndNoted) {
  const absl::StatusOr<ProfileSource> source = Read(GetParam().text);
  ASSERT_TRUE(source.ok()) << source.status();
  std::vector<std::pair<NoteKind, std::string>> notes;
  for (const ProfileNote& note : source->notes) {
    notes.emplace_back(note.kind, note.path);
    EXPECT_EQ(note.place.line, 1u) << note.message;
    EXPECT_FALSE(note.message.empty());
  }
  EXPECT_EQ(notes, GetParam().notes) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    All, ProfileNoteTest,
    testing::Values(
        Case{R"({"defaultAction": "SCMP_ACT_LOG"})", {}},
        Case{"\xef\xbb\xbf{\"defaultAction\": \"SCMP_ACT_LOG\"}", {{NoteKind::kByteOrderMark, ""}}},
        Case{R"({"$schema": "x", "defaultAction": "SCMP_ACT_LOG", "description": "why"})",
             {{NoteKind::kUnknownField, "$schema"}, {NoteKind::kUnknownField, "description"}}},
        Case{R"({"DefaultAction": "SCMP_ACT_LOG", "Syscalls": [{"NAMES": ["read"], "action": "SCMP_ACT_ALLOW"}]})",
             {{NoteKind::kLetterCase, "DefaultAction"},
              {NoteKind::kLetterCase, "Syscalls"},
              {NoteKind::kLetterCase, "syscalls[0].NAMES"}}},
        Case{R"({"defaultAction": "SCMP_ACT_LOG", "defaultAction": "SCMP_ACT_ALLOW"})",
             {{NoteKind::kRepeatedKey, "defaultAction"}}},
        Case{WithEntry(R"("name": "", "names": ["read"], "action": "SCMP_ACT_ALLOW", "args": null)"), {}},
        Case{WithEntry(R"("name": "read", "names": [], "action": "SCMP_ACT_ALLOW", "comment": null)"), {}},
        Case{WithEntry(R"("names": [], "action": "SCMP_ACT_ALLOW")"), {}},
        Case{WithEntry(R"("action": "SCMP_ACT_ALLOW")"), {}},
        Case{R"({"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 38})",
             {{NoteKind::kErrnoUnused, "defaultErrnoRet"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "errno": "ENOSYS")"),
             {{NoteKind::kErrnoUnused, "syscalls[0].errno"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 0)"),
             {{NoteKind::kErrnoZero, "syscalls[0].errnoRet"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 65536)"),
             {{NoteKind::kErrnoZero, "syscalls[0].errnoRet"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4094)"), {}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": 4095)"),
             {{NoteKind::kErrnoTooLarge, "syscalls[0].errnoRet"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_TRACE", "errnoRet": 0)"), {}},
        Case{WithEntry(R"("names": ["mount"], "action": "SCMP_ACT_NOTIFY")"),
             {{NoteKind::kNotifyWithoutListener, "syscalls[0]"}}},
        Case{R"({"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": "/a"})",
             {{NoteKind::kNotifyAsDefault, "defaultAction"}}},
        Case{R"({"defaultAction": "SCMP_ACT_LOG", "flags": ["SECCOMP_FILTER_FLAG_NEW_LISTENER"]})",
             {{NoteKind::kUnknownFlag, "flags[0]"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "0.0"})"),
             {{NoteKind::kKernelZero, "syscalls[0].includes.minKernel"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["SYS_ADMIN"]})"),
             {{NoteKind::kUnknownCapability, "syscalls[0].includes.caps[0]"}}},
        Case{WithEntry(R"("names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [null, {"op": "SCMP_CMP_EQ"}])"),
             {{NoteKind::kNull, "syscalls[0].args[0]"},
              {NoteKind::kMissingField, "syscalls[0].args[1]"},
              {NoteKind::kMissingField, "syscalls[0].args[1]"}}}));

TEST(ProfileNotesTest, LeavingWriteToAnAgentIsNoted) {
  const auto source = Read(
      R"({"defaultAction": "SCMP_ACT_LOG", "listenerPath": "/a", "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_NOTIFY"}]})");
  ASSERT_TRUE(source.ok());
  ASSERT_EQ(source->notes.size(), 1u);
  EXPECT_EQ(source->notes[0].kind, NoteKind::kNotifyWrite);
}

TEST(ProfileNotesTest, WhatIsReadIsWhatGoReads) {
  // Of two keys the last one, in whatever letter case; the long s and the Kelvin sign are letters to Go.
  const auto source = Read(
      "{\"defaultAction\": \"SCMP_ACT_ALLOW\", \"DEFAULTACTION\": \"SCMP_ACT_LOG\", "
      "\"\u017fy\u017fcalls\": [{\"names\": [\"read\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 70000}]}");
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->profile.default_action.kind, ActionKind::kLog);
  ASSERT_EQ(source->profile.rules.size(), 1u);
  // 70000 & 0xffff is 4464, and the kernel has no errno above 4095.
  EXPECT_EQ(source->profile.rules[0].action.value, 4095);
}

TEST(ProfileNotesTest, SuggestsTheFieldThatWasMeant) {
  const auto source = Read(
      R"({"defualtAction": "SCMP_ACT_LOG", "_comment": "", "syscals": [], "FLAGS": [], "defaultAction": "SCMP_ACT_LOG", "name": ""})");
  ASSERT_TRUE(source.ok()) << source.status();
  std::vector<std::string> suggestions;
  for (const ProfileNote& note : source->notes) suggestions.push_back(note.suggestion);
  EXPECT_EQ(suggestions, (std::vector<std::string>{"defaultAction", "", "syscalls", "flags", ""}));
}

TEST(ProfileNotesTest, TheByteOrderMarkCanBeTakenAway) {
  const std::string text =
      "\xef\xbb\xbf{\"DefaultAction\": \"SCMP_ACT_LOG\", \"Syscalls\": [{\"names\": [\"pread\"], \"action\": "
      "\"SCMP_ACT_ALLOW\"}]}";
  const std::vector<ProfileEdit> edits = {{.kind = ProfileEdit::Kind::kRemoveByteOrderMark},
                                          {.kind = ProfileEdit::Kind::kReplaceName, .entry = 0, .name = "pread64"}};
  EXPECT_EQ(EditProfile(text, edits),
            R"({"DefaultAction": "SCMP_ACT_LOG", "Syscalls": [{"names": ["pread64"], "action": "SCMP_ACT_ALLOW"}]})");
}

}  // namespace
}  // namespace syscarve
