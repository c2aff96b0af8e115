// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/profile_source.h"

#include <gtest/gtest.h>

#include "userspace/base/strict_json.h"
#include "userspace/model/profile_json.h"

namespace syscarve {
namespace {

using EditKind = ProfileEdit::Kind;

constexpr char kText[] = R"({
  "defaultAction": "SCMP_ACT_ERRNO",
  "architectures": ["SCMP_ARCH_X86_64"],
  "syscalls": [
    {"names": ["read",
      "write"], "action": "SCMP_ACT_ALLOW"},
    {"names": [], "action": "SCMP_ACT_LOG"},
    {"name": "socket", "action": "SCMP_ACT_ALLOW",
     "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 2},
              {"index": 0, "op": "SCMP_CMP_EQ", "value": 1}]}
  ]
})";

TEST(ProfileSourceTest, KeepsEntriesWithTheirLines) {
  const absl::StatusOr<ProfileSource> source = ParseProfileSource(kText);
  ASSERT_TRUE(source.ok()) << source.status();
  EXPECT_EQ(source->default_line, 2U);
  EXPECT_EQ(source->architectures_line, 3U);
  ASSERT_EQ(source->entries.size(), 3U);
  EXPECT_EQ(source->entries[0].line, 5U);
  EXPECT_EQ(source->entries[0].name_lines, (std::vector<std::optional<size_t>>{5, 6}));
  EXPECT_TRUE(source->entries[1].names_nothing);
  EXPECT_EQ(source->entries[1].line, 7U);
  EXPECT_TRUE(source->entries[2].RepeatsAnIndex());
  EXPECT_EQ(source->entries[2].name_lines, (std::vector<std::optional<size_t>>{8}));
  EXPECT_EQ(source->entries[2].condition_lines, (std::vector<std::optional<size_t>>{9, 10}));
  // The rules of the entries are the profile's.
  std::vector<Rule> rules;
  for (const ProfileEntry& entry : source->entries) rules.insert(rules.end(), entry.rules.begin(), entry.rules.end());
  EXPECT_EQ(rules, source->profile.rules);
}

TEST(ProfileSourceTest, RefusesWhatTheReaderRefuses) {
  for (const std::string text : {"", "{", "[]", R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": 3})",
                                 R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [3]})",
                                 R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": []}, {}]})"}) {
    EXPECT_FALSE(ParseProfileSource(text).ok()) << text;
  }
}

std::string Names(const std::string& list) {
  return R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": [)" + list +
         R"(], "action": "SCMP_ACT_ALLOW"}, {"names": ["exit"], "action": "SCMP_ACT_ALLOW"}]})";
}

std::string Edited(const std::string& text, const std::vector<ProfileEdit>& edits) {
  return EditProfile(text, edits);
}

TEST(EditProfileTest, TakesNamesAwayWithTheirCommas) {
  const std::string text = Names("\"a\",\n \"b\" , \"c\"");
  EXPECT_EQ(Edited(text, {}), text);
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveName, 0, 0, ""}}), Names("\"b\" , \"c\""));
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveName, 0, 1, ""}}), Names("\"a\" , \"c\""));
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveName, 0, 2, ""}}), Names("\"a\",\n \"b\""));
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveName, 0, 2, ""}, {EditKind::kRemoveName, 0, 0, ""}}), Names("\"b\""));
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveName, 0, 2, ""}, {EditKind::kRemoveName, 0, 1, ""}}), Names("\"a\""));
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveName, 0, 0, ""}, {EditKind::kReplaceName, 0, 1, "z"}}),
            Names("\"z\" , \"c\""));
}

TEST(EditProfileTest, AnEntryGoesWithItsLastName) {
  const std::string text = Names("\"a\", \"b\"");
  const std::string left = R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [)"
                           R"({"names": ["exit"], "action": "SCMP_ACT_ALLOW"}]})";
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveName, 0, 0, ""}, {EditKind::kRemoveName, 0, 1, ""}}), left);
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveEntry, 0, 0, ""}, {EditKind::kReplaceName, 0, 0, "z"}}), left);
  EXPECT_EQ(Edited(text, {{EditKind::kRemoveEntry, 0, 0, ""}, {EditKind::kRemoveEntry, 1, 0, ""}}),
            R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": []})");
}

TEST(EditProfileTest, MasksAConditionAndNamesASingleName) {
  const std::string text =
      R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "sockt", "action": "SCMP_ACT_ALLOW",
    "args": [{"index": 0, "op": "SCMP_CMP_EQ", "value": 18446744073709551615}]}]})";
  const std::string edited = EditProfile(
      text, std::vector<ProfileEdit>{{EditKind::kReplaceName, 0, 0, "socket"}, {EditKind::kMaskCondition, 0, 0, ""}});
  EXPECT_EQ(edited, R"({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"name": "socket", "action": "SCMP_ACT_ALLOW",
    "args": [{"index": 0, "value": 4294967295, "valueTwo": 4294967295, "op": "SCMP_CMP_MASKED_EQ"}]}]})");
  EXPECT_TRUE(ParseProfile(edited).ok());
}

}  // namespace
}  // namespace syscarve
