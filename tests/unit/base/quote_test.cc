// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/quote.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <random>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

using std::string_view_literals::operator""sv;

// Names as somebody would choose them who wants to be run, rendered or parsed.
const std::string kHostile[] = {
    "$(touch /tmp/owned)",
    "`id`",
    "a'b",
    "a\"b",
    "a\\b",
    "a\nb: c",
    "a|b",
    "\x1b[2J\x1b]0;x\x07",
    "\u202egnp",
    "\xff\xfe",
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](http://x.example/y.png)",
    "- ] } # & * ! % @ ` , ? : ~ >",
    "$HOME ${HOME} !! *",
    "~root",
    " a ",
    "",
    "-rf",
    "www.x.example and http://x.example",
    "```\n```",
    "'; true '",
};

// What the shell of this machine makes of the word.
std::string Echoed(const std::string& shell, const std::string& word) {
  const std::string command = Concat(shell, " -c \"$SYSCARVE_WORD\"");
  EXPECT_EQ(setenv("SYSCARVE_WORD", Concat("printf %s ", word).c_str(), 1), 0);
  FILE* const pipe = popen(command.c_str(), "r");
  EXPECT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 4096> buffer;
  while (const size_t got = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), got);
  EXPECT_EQ(pclose(pipe), 0) << word;
  return output;
}

TEST(QuoteForShellTest, IsReadAsTheSameBytes) {
  for (const std::string& bytes : kHostile) {
    const std::string word = QuoteForShell(bytes);
    EXPECT_EQ(Echoed("bash", word), bytes) << word;
    for (const char c : word) EXPECT_TRUE(c >= ' ' && c != 0x7f) << word;
  }
  std::mt19937 random(7);
  for (int round = 0; round < 20; ++round) {
    std::string bytes;
    for (int i = 0; i < 40; ++i) bytes += static_cast<char>(1 + random() % 255);
    EXPECT_EQ(Echoed("bash", QuoteForShell(bytes)), bytes) << QuoteForShell(bytes);
  }
}

TEST(QuoteForShellTest, LooksAsPlainAsItCan) {
  EXPECT_EQ(QuoteForShell("profiles/web.json"), "profiles/web.json");
  EXPECT_EQ(QuoteForShell("seccomp=a.json"), "seccomp=a.json");
  EXPECT_EQ(QuoteForShell(""), "''");
  EXPECT_EQ(QuoteForShell("=a"), "'=a'");
  EXPECT_EQ(QuoteForShell("a b"), "'a b'");
  EXPECT_EQ(QuoteForShell("it's"), "'it'\\''s'");
  EXPECT_EQ(QuoteForShell("a\nb"), "$'a\\012b'");
  EXPECT_EQ(QuoteForShell("a\0b"sv), "a");
}

TEST(QuoteForYamlTest, IsPlainOnlyWhenNothingElseCanBeMeant) {
  EXPECT_EQ(QuoteForYaml("web"), "web");
  EXPECT_EQ(QuoteForYaml("shop-web_1.x"), "shop-web_1.x");
  for (const char* word : {"yes", "No", "TRUE", "off", "null", "y", "nan"}) {
    EXPECT_EQ(QuoteForYaml(word), Concat("\"", word, "\""));
  }
  EXPECT_EQ(QuoteForYaml("1e3"), "\"1e3\"");
  EXPECT_EQ(QuoteForYaml(""), "\"\"");
  EXPECT_EQ(QuoteForYaml("a: b"), "\"a: b\"");
  EXPECT_EQ(QuoteForYaml("a\"\\b"), R"("a\"\\b")");
  EXPECT_EQ(QuoteForYaml("grün"), "\"grün\"");
  EXPECT_EQ(QuoteForYaml("a\nb"), std::nullopt);
  EXPECT_EQ(QuoteForYaml("\xff"), std::nullopt);
  EXPECT_EQ(QuoteForYaml("\u202e"), std::nullopt);
}

TEST(EscapeForMarkdownTest, LeavesNoMarkup) {
  EXPECT_EQ(EscapeForMarkdown("a plain sentence, with 3 words: ok."), "a plain sentence, with 3 words: ok.");
  EXPECT_EQ(EscapeForMarkdown("`id` *x* _y_ <b> [l](u) ![i](u) a|b ~~s~~ &lt; $x$"),
            "\\`id\\` \\*x\\* \\_y\\_ \\<b\\> \\[l\\](u) !\\[i\\](u) a\\|b \\~\\~s\\~\\~ \\&lt; \\$x\\$");
  EXPECT_EQ(EscapeForMarkdown("a\n# b"), "a\\\\n\\# b");
  EXPECT_EQ(EscapeForMarkdown("\x1b[2J"), "\\\\x1b\\[2J");
  EXPECT_EQ(EscapeForMarkdown("- a"), "\\- a");
  EXPECT_EQ(EscapeForMarkdown("1. a"), "1\\. a");
  EXPECT_EQ(EscapeForMarkdown("http://x www.y @z"), "http\\://x www\\.y `@`z");
}

TEST(MarkdownCodeTest, CannotBeLeft) {
  EXPECT_EQ(MarkdownCode("web"), "`web`");
  EXPECT_EQ(MarkdownCode("a`b"), "``a`b``");
  EXPECT_EQ(MarkdownCode("`a``"), "``` `a`` ```");
  EXPECT_EQ(MarkdownCode(""), "`  `");
  EXPECT_EQ(MarkdownCode(" "), "`   `");
  EXPECT_EQ(MarkdownCode("a|b"), "`a|b`");
  EXPECT_EQ(MarkdownCodeInTable("a|`b"), "``a\\|`b``");
  EXPECT_EQ(MarkdownCode("a\n\x1b"), "`a\\n\\x1b`");
}

TEST(MarkdownBlockTest, CannotBeLeft) {
  EXPECT_EQ(MarkdownBlock("sh", "a\n"), "```sh\na\n```\n");
  EXPECT_EQ(MarkdownBlock("sh", "```\n````\n"), "`````sh\n```\n````\n`````\n");
}

}  // namespace
}  // namespace syscarve
