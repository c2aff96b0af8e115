// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/finding.h"

#include <gtest/gtest.h>

#include "tests/unit/report/has.h"
#include "userspace/base/status.h"
#include "userspace/base/strict_json.h"

namespace syscarve {
namespace {

const std::vector<FindingRule> kRules = {
    {.id = "unknown-name", .summary = "Nobody knows it.", .help = "Runtimes ignore it.", .level = FindingLevel::kError},
    {.id = "quiet", .summary = "Nothing.", .help = "Nothing to do.", .level = FindingLevel::kNote},
};

Finding Found(std::string message, std::string file = "profiles/web.json") {
  return {.rule = "unknown-name",
          .level = FindingLevel::kError,
          .message = std::move(message),
          .file = std::move(file),
          .line = 7,
          .identity = "pread",
          .fix = "Write pread64."};
}

size_t Count(std::string_view text, std::string_view words) {
  size_t count = 0;
  for (size_t at = text.find(words); at != std::string_view::npos; at = text.find(words, at + words.size())) ++count;
  return count;
}

TEST(SarifTest, HasRuleResultAndPlace) {
  const std::string text = FormatSarif(kRules, std::vector{Found("There is no call \"pread\".")});
  EXPECT_TRUE(ParseStrictJson(text, {.bytes = 1 << 20, .values = 4096, .depth = 32}).ok());
  EXPECT_TRUE(Has(text, "\"version\": \"2.1.0\"")) << text;
  EXPECT_TRUE(Has(text, "\"name\": \"UnknownName\"")) << text;
  EXPECT_TRUE(Has(text, "\"ruleId\": \"unknown-name\"")) << text;
  EXPECT_TRUE(Has(text, "\"ruleIndex\": 0")) << text;
  EXPECT_TRUE(Has(text, "There is no call \\\"pread\\\". Write pread64.")) << text;
  EXPECT_TRUE(Has(text, "\"uri\": \"profiles/web.json\"")) << text;
  EXPECT_TRUE(Has(text, "\"startLine\": 7")) << text;
}

TEST(SarifTest, RegionsAreLinesAndCodePoints) {
  const std::string text = "ab\nc\xc3\xa4 de\n";
  EXPECT_EQ(RegionOf(text, 1, 2), (TextRegion{1, 2, 1, 3}));
  EXPECT_EQ(RegionOf(text, 7, 9), (TextRegion{2, 4, 2, 6})) << "a character of two bytes is one";
  EXPECT_EQ(RegionOf(text, 1, 4), (TextRegion{1, 2, 2, 2}));
  EXPECT_EQ(RegionOf(text, 3, 3), (TextRegion{2, 1, 2, 1}));
  EXPECT_EQ(RegionOf("\xef\xbb\xbf{}", 3, 4), (TextRegion{1, 1, 1, 2}));
}

TEST(SarifTest, PathsAreUris) {
  const auto uri_of = [](std::string file) { return FormatSarif(kRules, std::vector{Found("x", std::move(file))}); };
  EXPECT_TRUE(Has(uri_of("./a b/c%d:e#f?.json"), "\"uri\": \"a%20b/c%25d%3Ae%23f%3F.json\""));
  EXPECT_TRUE(Has(uri_of("/srv//p/\xff\n.json"), "\"uri\": \"file:///srv/p/%FF%0A.json\""));
  EXPECT_FALSE(Has(uri_of("/srv/p.json"), "uriBaseId"));
  EXPECT_TRUE(Has(uri_of("p.json"), "\"uriBaseId\": \"%SRCROOT%\""));
}

TEST(SarifTest, AFindingWithoutALineIsOfTheWholeFile) {
  Finding finding = Found("x");
  finding.line.reset();
  EXPECT_FALSE(Has(FormatSarif(kRules, std::vector{finding}), "region"));
}

TEST(SarifTest, MessagesMakeNoLinkNoPlaceholderAndNothingThatATerminalActsOn) {
  const std::string text = FormatSarif(kRules, std::vector{Found("[click](https://evil.example) {0} \x1b[2J\xff\n")});
  EXPECT_TRUE(Has(text, "[click] (https://evil.example) {{0}} \\\\x1b[2J\\\\xff\\\\n")) << text;
}

TEST(SarifTest, FingerprintsStayWhenLinesMoveAndAreNeverTheSameTwice) {
  Finding moved = Found("x");
  moved.line = 9;
  const auto fingerprint = [](const std::string& text, size_t from = 0) {
    const size_t at = text.find("finding/v1\": \"", from);
    return text.substr(at + 14, 18);
  };
  const std::string one = FormatSarif(kRules, std::vector{Found("x")});
  EXPECT_EQ(fingerprint(one), fingerprint(FormatSarif(kRules, std::vector{moved})));
  const std::string both = FormatSarif(kRules, std::vector{Found("x"), moved});
  EXPECT_EQ(fingerprint(both), fingerprint(one));
  EXPECT_NE(fingerprint(both), fingerprint(both, both.rfind("finding/v1")));
  EXPECT_NE(fingerprint(one), fingerprint(FormatSarif(kRules, std::vector{Found("x", "other.json")})));
}

TEST(JunitTest, ARuleIsATestCaseAndFailsOnce) {
  Finding note = Found("Only so.");
  note.rule = "quiet";
  note.level = FindingLevel::kNote;
  const std::string text = FormatJunit("lint", kRules, std::vector{Found("One."), note, Found("Two.")});
  EXPECT_TRUE(Has(text, "<testsuite name=\"lint\" tests=\"2\" failures=\"1\" errors=\"0\" time=\"0\" skipped=\"0\">"))
      << text;
  EXPECT_EQ(Count(text, "<failure"), 1U) << text;
  EXPECT_TRUE(Has(text,
                  "message=\"One. (and 1 more)\">profiles/web.json:7: One. Write pread64.\n"
                  "profiles/web.json:7: Two. Write pread64.\n</failure>"))
      << text;
  EXPECT_TRUE(Has(text, "<system-out>profiles/web.json:7: Only so. Write pread64.\n</system-out>")) << text;
}

TEST(JunitTest, WithoutFindingsEveryTestPasses) {
  EXPECT_EQ(FormatJunit("lint", kRules, {}),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
            "<testsuites name=\"lint\" tests=\"2\" failures=\"0\" errors=\"0\" time=\"0\">\n"
            "  <testsuite name=\"lint\" tests=\"2\" failures=\"0\" errors=\"0\" time=\"0\" skipped=\"0\">\n"
            "    <testcase classname=\"lint\" name=\"unknown-name\" time=\"0\"/>\n"
            "    <testcase classname=\"lint\" name=\"quiet\" time=\"0\"/>\n"
            "  </testsuite>\n"
            "</testsuites>\n");
}

TEST(JunitTest, HostileBytesStayText) {
  const std::string text =
      FormatJunit("a\"><b", kRules, std::vector{Found("]]></failure>&\x01\x1b\xff\xef\xbf\xbe\n", "x<y\x0b")});
  EXPECT_TRUE(Has(text, "name=\"a&quot;&gt;&lt;b\"")) << text;
  EXPECT_TRUE(Has(text, "]]&gt;&lt;/failure&gt;&amp;\\x01\\x1b\\xff\\u{fffe}\\n")) << text;
  EXPECT_TRUE(Has(text, "x&lt;y\\x0b:7: ")) << text;
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c <= '~')) << static_cast<int>(c);
}

}  // namespace
}  // namespace syscarve
