// SPDX-License-Identifier: Apache-2.0
// Our JSON parser against nlohmann/json, on texts that are nearly JSON.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

#include "tests/support/json_agreement.h"
#include "tests/unit/effort.h"

namespace syscarve {
namespace {

constexpr std::string_view kSeeds[] = {
    R"({"a": [1, -2, 0.5, 1e5, -0, 1.25E-3], "b": {"c": null, "d": [true, false]}, "": ""})",
    R"(["\u00e9\ud83d\ude00\n\\\/\"\b\f\r\t", "plain", "é😀", [[[]]], {}, [{}, {"x": [0]}]])",
    "\xef\xbb\xbf{\"names\" : [ \"read\" ,\r\n\t\"write\" ] , \"n\" : 18446744073709551615 , "
    "\"m\":-9223372036854775808}",
    "[18446744073709551616, -9223372036854775809, 1e308, 1e-400, 123456789012345678901234567890]",
};
// What mutations put in: all that means something to JSON, and some that does not.
constexpr std::string_view kAlphabet =
    "{}[]:,\"\\/'u0123456789.eE+-truefalsn \t\r\n\x01\x7f\xc3\xa9\xed\xa0\xf0\x9f\xef\xbb\xbf#*";

TEST(JsonParserTest, AgreesWithNlohmannOnBrokenTexts) {
  std::mt19937 random(17);
  const auto below = [&random](size_t bound) { return random() % bound; };
  size_t taken = 0;
  const size_t rounds = InputsToTry<size_t>(60000, 6000);
  for (size_t round = 0; round < rounds; ++round) {
    std::string text(kSeeds[below(std::size(kSeeds))]);
    for (size_t changes = below(3) + (round % 2); changes > 0 && !text.empty(); --changes) {
      const size_t at = below(text.size());
      const char byte = kAlphabet[below(kAlphabet.size())];
      switch (below(4)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        case 2:
          text.erase(at, 1 + below(4));
          break;
        default:
          text.insert(at, text.substr(below(text.size()), below(8)));
      }
    }
    const std::string disagreement = JsonDisagreement(text);
    ASSERT_EQ(disagreement, "") << testing::PrintToString(text);
    taken += nlohmann::json::accept(text) ? 1 : 0;
  }
  EXPECT_GT(taken, rounds / 12);  // Both kinds are there in numbers.
  EXPECT_LT(taken, rounds * 11 / 12);
}

}  // namespace
}  // namespace syscarve
