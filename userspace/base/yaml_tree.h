// SPDX-License-Identifier: Apache-2.0
// YAML text as trees, one for each document: the text's structure, with places, without interpretation. The text is
// untrusted, so a tree is read within limits, and aliases are never expanded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"

namespace syscarve {

enum class YamlKind : uint8_t { kScalar, kSequence, kMapping };

struct YamlNode {
  YamlKind kind = YamlKind::kScalar;
  bool plain = false;  // A scalar without quotes.
  uint32_t line = 0;   // From 1; so is `column`, in code points.
  uint32_t column = 0;
  std::string text;                // Of a scalar, the value. UTF-8.
  std::string tag;                 // "" for none.
  std::vector<uint32_t> children;  // Indexes in YamlTree::nodes; of a mapping: key, value, key, value …
};

// An alias is the index of the node that it names, so a tree is never larger than its text. There are no cycles.
struct YamlTree {
  size_t line = 0;              // Where the document begins.
  std::vector<YamlNode> nodes;  // Not empty; the root is the first.
};

struct YamlLimits {
  size_t values;  // Over all documents: containers and their elements, including aliases but not keys.
  size_t depth;
  size_t anchors;  // 0: anchors and aliases are refused.
};

// kInvalidArgument, with the line, if the text is not YAML, an alias names no anchor or a node that contains it, or a
// limit is exceeded.
absl::StatusOr<std::vector<YamlTree>> ParseYamlTrees(std::string_view text, const YamlLimits& limits);

}  // namespace syscarve
