// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/yaml_tree.h"

#include <gtest/gtest.h>

namespace syscarve {
namespace {

constexpr YamlLimits kTreeLimits = {.values = 8, .depth = 3, .anchors = 1};

std::string TreeErrorOf(std::string_view text) {
  const auto trees = ParseYamlTrees(text, kTreeLimits);
  EXPECT_EQ(trees.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(trees.status().message());
}

TEST(YamlTreeTest, HoldsWhatIsWrittenAndWhere) {
  const auto trees = ParseYamlTrees("a: !x 'b'\n---\n- c\n", kTreeLimits);
  ASSERT_TRUE(trees.ok()) << trees.status();
  ASSERT_EQ(trees->size(), 2U);
  const std::vector<YamlNode>& nodes = trees->front().nodes;
  ASSERT_EQ(nodes.size(), 3U);
  EXPECT_EQ(nodes[0].kind, YamlKind::kMapping);
  EXPECT_EQ(nodes[0].children, (std::vector<uint32_t>{1, 2}));
  EXPECT_TRUE(nodes[1].plain);
  EXPECT_EQ(nodes[2].text, "b");
  EXPECT_EQ(nodes[2].tag, "!x");
  EXPECT_FALSE(nodes[2].plain);
  EXPECT_EQ(trees->back().line, 2U);
  EXPECT_EQ(trees->back().nodes[1].line, 3U);
  EXPECT_EQ(trees->back().nodes[1].column, 3U);
}

TEST(YamlTreeTest, AnAliasIsThePlaceOfItsNode) {
  const auto trees = ParseYamlTrees("- &x [a]\n- *x\n", kTreeLimits);
  ASSERT_TRUE(trees.ok()) << trees.status();
  EXPECT_EQ(trees->front().nodes.front().children, (std::vector<uint32_t>{1, 1}));
  EXPECT_EQ(TreeErrorOf("&x [*x]"), "line 1: \"x\" is a part of itself");
  EXPECT_EQ(TreeErrorOf("a: &x 1\n---\nb: *x\n"), "line 3: nothing has the anchor \"x\"");
}

TEST(YamlTreeTest, LimitsHold) {
  EXPECT_EQ(TreeErrorOf("[[[[1]]]]"), "line 1: nested more than 3 deep");
  EXPECT_EQ(TreeErrorOf("[1,2,3,4,5,6,7,8]"), "line 1: more than 8 values");
  EXPECT_EQ(TreeErrorOf("[&a 1, *a, *a, *a, *a, *a, *a, *a]"), "line 1: more than 8 values");
  EXPECT_EQ(TreeErrorOf("[&a 1, &b 2]"), "line 1: more than 1 anchors");
  EXPECT_TRUE(ParseYamlTrees("{a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7}", kTreeLimits).ok()) << "keys do not count";
}

}  // namespace
}  // namespace syscarve
