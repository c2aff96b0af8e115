// SPDX-License-Identifier: Apache-2.0
#include "userspace/review/reader_rules.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

std::string File(std::string_view note, std::string_view rule, std::string_view reader) {
  return Concat(R"({"schema": "syscarve.readers/1",
    "readers": [{"name": "runc", "version": "1.1", "source": "spec_linux.go"}, {"name": "crun", "version": "1.8", "source": "seccomp.c"}],
    "rules": [{"note": ")",
                note, R"(", "rule": ")", rule, R"(", "level": "error",
    "who": [{"readers": ["runc", "crun"], "do": "refuse it"}, {"readers": [")",
                reader, R"("], "do": "says why"}], "fix": "Remove it."}]})");
}

TEST(ReaderRulesTest, SaysWhoDoesWhat) {
  const auto rules = ParseReaderRules(File("null", "read-differently", "crun"));
  ASSERT_TRUE(rules.ok()) << rules.status();
  ASSERT_EQ(rules->size(), 1u);
  EXPECT_EQ(rules->front().note, ProfileNoteKind::kNull);
  EXPECT_EQ(rules->front().level, LintLevel::kError);
  EXPECT_EQ(rules->front().who, "runc and crun refuse it, crun says why");
}

TEST(ReaderRulesTest, NothingIsSaidOfAReaderWithoutASource) {
  EXPECT_FALSE(ParseReaderRules(File("null", "read-differently", "youki")).ok());
  EXPECT_FALSE(ParseReaderRules(File("nil", "read-differently", "crun")).ok());
  EXPECT_FALSE(ParseReaderRules(File("null", "no-such-rule", "crun")).ok());
}

TEST(ReaderRulesTest, TheShippedOnesAreRead) {
  const auto rules = ShippedReaderRules();
  ASSERT_TRUE(rules.ok()) << rules.status();
  const auto mark =
      std::ranges::find((*rules)->begin(), (*rules)->end(), ProfileNoteKind::kByteOrderMark, &ReaderRule::note);
  ASSERT_NE(mark, (*rules)->end());
  EXPECT_EQ(mark->who, "Docker, Podman, CRI-O and containerd refuse the file");
}

}  // namespace
}  // namespace syscarve
