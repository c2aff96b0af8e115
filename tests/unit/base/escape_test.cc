// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/escape.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace syscarve {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

struct EscapeCase {
  std::string bytes;
  std::string_view escaped;
};

class EscapeForTerminalTest : public testing::TestWithParam<EscapeCase> {};

TEST_P(EscapeForTerminalTest, Escapes) {
  EXPECT_EQ(EscapeForTerminal(GetParam().bytes), GetParam().escaped);
}

INSTANTIATE_TEST_SUITE_P(
    All, EscapeForTerminalTest,
    testing::Values(EscapeCase{"", ""}, EscapeCase{"/usr/bin/true -x", "/usr/bin/true -x"},
                    EscapeCase{"a\nb\tc\\n", "a\\nb\\tc\\\\n"}, EscapeCase{"\x1b[2J\r\x7f", "\\x1b[2J\\x0d\\x7f"},
                    EscapeCase{"\0"s, "\\x00"},
                    // U+009B is a one-character CSI for some terminals; 0x9b alone is not UTF-8.
                    EscapeCase{"\u009b2J", "\\u{9b}2J"}, EscapeCase{"\x9b", "\\x9b"},
                    EscapeCase{"grüße-日本-🦀", "grüße-日本-🦀"},
                    // Right-to-left override, zero-width space, byte order mark, a tag and a private-use character.
                    EscapeCase{"\u202egnp.exe", "\\u{202e}gnp.exe"}, EscapeCase{"a\u200bb", "a\\u{200b}b"},
                    EscapeCase{"\ufeff", "\\u{feff}"}, EscapeCase{"\U000e0041", "\\u{e0041}"},
                    EscapeCase{"\ue000", "\\u{e000}"},
                    // Overlong, a surrogate, beyond U+10FFFF, cut short, a lone continuation byte.
                    EscapeCase{"\xc0\xaf", "\\xc0\\xaf"}, EscapeCase{"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
                    EscapeCase{"\xed\xa0\x80", "\\xed\\xa0\\x80"},
                    EscapeCase{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"}, EscapeCase{"\xe2\x82", "\\xe2\\x82"},
                    EscapeCase{"\xe2\x82"
                               "A",
                               "\\xe2\\x82"
                               "A"},
                    EscapeCase{"\x80", "\\x80"}, EscapeCase{"\xff", "\\xff"}));

TEST(EscapeForTerminalTest, EverySingleByteIsSafeAndDistinct) {
  std::set<std::string> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string escaped = EscapeForTerminal(std::string(1, static_cast<char>(byte)));
    EXPECT_TRUE(seen.insert(escaped).second) << byte;
    for (const char c : escaped) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << byte;
  }
}

struct PercentCase {
  std::string bytes;
  std::string_view encoded;
};

class EncodePercentTest : public testing::TestWithParam<PercentCase> {};

TEST_P(EncodePercentTest, EncodesAndDecodes) {
  EXPECT_EQ(EncodePercent(GetParam().bytes), GetParam().encoded);
  EXPECT_EQ(DecodePercent(GetParam().encoded), GetParam().bytes);
}

INSTANTIATE_TEST_SUITE_P(All, EncodePercentTest,
                         testing::Values(PercentCase{"", ""}, PercentCase{"/bin/sh", "/bin/sh"},
                                         PercentCase{"100%", "100%25"}, PercentCase{"%41", "%2541"},
                                         PercentCase{"a\0b"s, "a%00b"}, PercentCase{"\xff\xfe", "%FF%FE"},
                                         PercentCase{"\n\x1b", "\n\x1b"}, PercentCase{"é€🦀", "é€🦀"},
                                         PercentCase{"\xe2\x82", "%E2%82"},
                                         PercentCase{"\xe2\x82\xe2\x82\xac", "%E2%82€"},
                                         PercentCase{"\xed\xa0\x80", "%ED%A0%80"}));

TEST(DecodePercentTest, RefusesWhatEncodePercentDoesNotProduce) {
  for (const std::string_view bad : {"%", "%4", "%zz", "%ff", "%41", "%E2%82%AC", "\xff", "%2", "a%", "%%", "%+1"}) {
    EXPECT_EQ(DecodePercent(bad), std::nullopt) << EscapeForTerminal(bad);
  }
  EXPECT_EQ(DecodePercent("\0"s), std::nullopt);
}

TEST(EncodePercentTest, RandomBytesRoundTrip) {
  std::mt19937 random(1);
  // Few different bytes, so that UTF-8 sequences come up by chance as often as broken ones.
  constexpr std::string_view kAlphabet = "\x00%A1\x80\x82\xac\xe2\xc3\xf0\x9f\xff"sv;
  for (int round = 0; round < 20000; ++round) {
    std::string bytes;
    for (size_t length = random() % 8; length > 0; --length) bytes += kAlphabet[random() % kAlphabet.size()];
    const std::string encoded = EncodePercent(bytes);
    ASSERT_EQ(DecodePercent(encoded), bytes) << encoded;
    ASSERT_EQ(encoded.find('\0'), std::string::npos);
  }
}

TEST(QuoteForJsonTest, IsALiteralThatIsSafeToLookAt) {
  EXPECT_EQ(QuoteForJson(""), "\"\"");
  EXPECT_EQ(QuoteForJson("a\"b\\c/é"), "\"a\\\"b\\\\c/é\"");
  EXPECT_EQ(QuoteForJson("\n\t\r\x1b\x7f"), R"("\n\t\u000d\u001b\u007f")");
  EXPECT_EQ(QuoteForJson("\u009b\u202e"), R"("\u009b\u202e")");
  EXPECT_EQ(QuoteForJson("\U000e0041"), R"("\udb40\udc41")");
  EXPECT_EQ(QuoteForJson("a\xff"), "\"a\ufffd\"");
}

}  // namespace
}  // namespace syscarve
