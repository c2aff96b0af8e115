// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/edit_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {
namespace {

TEST(EditDistanceTest, CountsWhatIsPutInTakenOutAndReplaced) {
  EXPECT_EQ(EditDistance("", ""), 0U);
  EXPECT_EQ(EditDistance("record", "record"), 0U);
  EXPECT_EQ(EditDistance("", "abc"), 3U);
  EXPECT_EQ(EditDistance("abc", ""), 3U);
  EXPECT_EQ(EditDistance("--ouput", "--output"), 1U);
  EXPECT_EQ(EditDistance("recordd", "record"), 1U);
  EXPECT_EQ(EditDistance("recard", "record"), 1U);
  EXPECT_EQ(EditDistance("recrod", "record"), 2U);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3U);
}

// By the definition: the last characters are kept or replaced, or the last of one side is left out.
size_t ByDefinition(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  const std::string_view shorter_a = a.substr(1);
  const std::string_view shorter_b = b.substr(1);
  const size_t replaced = ByDefinition(shorter_a, shorter_b) + (a.front() == b.front() ? 0 : 1);
  return std::min({replaced, ByDefinition(shorter_a, b) + 1, ByDefinition(a, shorter_b) + 1});
}

TEST(EditDistanceTest, AgreesWithItsDefinition) {
  std::vector<std::string> words = {""};
  for (size_t i = 0; i < words.size() && words[i].size() < 4; ++i) {
    words.push_back(words[i] + "a");
    words.push_back(words[i] + "b");
  }
  for (const std::string& a : words) {
    for (const std::string& b : words) EXPECT_EQ(EditDistance(a, b), ByDefinition(a, b)) << a << " " << b;
  }
}

TEST(NearestWordTest, TakesTheNearestAndOfTwoTheFirst) {
  const std::vector<std::string> verbs = {"record", "mark", "merge", "check"};
  EXPECT_EQ(NearestWord("recrod", verbs, 2), "record");
  EXPECT_EQ(NearestWord("merg", verbs, 2), "merge");
  EXPECT_EQ(NearestWord("check", verbs, 0), "check");
  EXPECT_EQ(NearestWord("marge", verbs, 2), "merge");
  EXPECT_EQ(NearestWord("ab", std::vector<std::string>{"ac", "ad"}, 1), "ac");
}

TEST(NearestWordTest, TakesNothingThatIsFurtherThanAllowed) {
  const std::vector<std::string> verbs = {"record", "mark"};
  EXPECT_EQ(NearestWord("recrod", verbs, 1), "");
  EXPECT_EQ(NearestWord("frobnicate", verbs, 2), "");
  EXPECT_EQ(NearestWord("", verbs, 2), "");
  EXPECT_EQ(NearestWord("mark", {}, 2), "");
}

}  // namespace
}  // namespace syscarve
