// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/seen_arguments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"

namespace syscarve {
namespace {

SeenArguments Seen(std::map<std::vector<uint64_t>, FileKinds> files) {
  SeenArguments seen{.indexes = {1}};
  for (auto& [values, kinds] : files) {
    seen.values[values] = {0};
    if (!kinds.empty()) seen.files[values] = std::move(kinds);
  }
  return seen;
}

SeenArguments Joined(const std::vector<SeenArguments>& all) {
  std::optional<SeenArguments> sum;
  for (const SeenArguments& one : all) JoinArguments(one, !sum.has_value(), sum);
  return *sum;
}

TEST(SeenArgumentsTest, FilesOfAValueAreThoseOfBothSides) {
  const SeenArguments sum = Joined({Seen({{{1}, {"tty"}}, {{2}, {"pipe"}}}), Seen({{{1}, {"socket AF_INET"}}})});
  EXPECT_EQ(sum.files.at({1}), (FileKinds{"socket AF_INET", "tty"}));
  EXPECT_EQ(sum.files.at({2}), FileKinds{"pipe"});
}

TEST(SeenArgumentsTest, WhereOneSideKnowsNoFileThatIsToldWhicheverIsFirst) {
  const std::vector<SeenArguments> sides = {Seen({{{1}, {"tty"}}}), Seen({{{1}, {}}, {{2}, {}}})};
  const SeenArguments sum = Joined(sides);
  EXPECT_EQ(sum.files, (std::map<std::vector<uint64_t>, FileKinds>{{{1}, {"tty", "unknown"}}}));
  EXPECT_EQ(Joined({sides[1], sides[0]}), sum);
  EXPECT_EQ(Joined({sides[1], sides[1]}).files, (std::map<std::vector<uint64_t>, FileKinds>()));
}

TEST(SeenArgumentsTest, KindsOfFileAreBoundedInAnyOrder) {
  std::vector<SeenArguments> sides;
  for (int i = 0; i < 100; ++i) sides.push_back(Seen({{{1}, {absl::StrCat("character device 9", 100 + i, ":0")}}}));
  const SeenArguments sum = Joined(sides);
  EXPECT_EQ(sum.files.at({1}).size(), kMaxFileKinds + 1);
  EXPECT_TRUE(sum.files.at({1}).contains("unknown"));
  std::ranges::reverse(sides);
  EXPECT_EQ(Joined(sides), sum);
  EXPECT_EQ(Joined({Joined({sides.begin(), sides.begin() + 50}), Joined({sides.begin() + 50, sides.end()})}), sum);
  EXPECT_EQ(Joined({sum, sum}), sum);
}

}  // namespace
}  // namespace syscarve
