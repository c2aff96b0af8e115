// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/text.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

TEST(ConcatTest, JoinsStringsAndIntegers) {
  EXPECT_EQ(Concat("abc", std::string_view("def"), std::string("g"), 7, uint64_t{18446744073709551615u}, -1),
            "abcdefg718446744073709551615-1");
}

TEST(SplitNonEmptyTest, LeavesEmptyPartsOut) {
  using Parts = std::vector<std::string_view>;
  EXPECT_EQ(SplitNonEmpty("", ':'), Parts());
  EXPECT_EQ(SplitNonEmpty("::", ':'), Parts());
  EXPECT_EQ(SplitNonEmpty(":a::bc:", ':'), (Parts{"a", "bc"}));
}

TEST(ParseNumberTest, TakesTheWholeText) {
  EXPECT_EQ(ParseNumber<int>("-12"), -12);
  EXPECT_EQ(ParseNumber<uint64_t>("18446744073709551615"), UINT64_MAX);
  for (const char* bad : {"", " 1", "1 ", "+1", "-1", "0x1", "18446744073709551616"}) {
    EXPECT_EQ(ParseNumber<uint64_t>(bad), std::nullopt) << bad;
  }
}

TEST(ParseNumberTest, OfAnotherBase) {
  EXPECT_EQ(ParseNumber<int>("1f", 16), 31);
  EXPECT_EQ(ParseNumber<int>("0x1f", 16), std::nullopt);
  EXPECT_EQ(ParseNumber<unsigned char>("FF", 16), 255);
  EXPECT_EQ(ParseNumber<unsigned char>("100", 16), std::nullopt);
}

TEST(EqualsIgnoringCaseTest, OfAsciiLettersAlone) {
  EXPECT_TRUE(EqualsIgnoringCase("Content-Length", "content-LENGTH"));
  EXPECT_TRUE(EqualsIgnoringCase("", ""));
  EXPECT_FALSE(EqualsIgnoringCase("a", "ab"));
  EXPECT_FALSE(EqualsIgnoringCase("@", "`")) << "which differ in the same bit";
}

TEST(ConsumeSuffixTest, RemovesOnlyWhatIsThere) {
  std::string_view text = "a.scope";
  EXPECT_FALSE(ConsumeSuffix(text, ".service"));
  EXPECT_TRUE(ConsumeSuffix(text, ".scope"));
  EXPECT_EQ(text, "a");
}

}  // namespace
}  // namespace syscarve
