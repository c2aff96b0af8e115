// SPDX-License-Identifier: Apache-2.0
// YAML text as trees, one for each document: what is written, with its places, and nothing decided of it. The text may
// be anybody's, so a tree is read within limits, and no alias is ever expanded.
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
  uint32_t line = 0;   // From 1, as is the next, which is in code points.
  uint32_t column = 0;
  std::string text;                // Of a scalar, the value. UTF-8.
  std::string tag;                 // "" for none.
  std::vector<uint32_t> children;  // Places in YamlTree::nodes; of a mapping: key, value, key, value …
};

// An alias is the place of the node that it names, so a tree is never larger than its text. No node is below itself.
struct YamlTree {
  size_t line = 0;              // Where the document begins.
  std::vector<YamlNode> nodes;  // The root is the first; there is one.
};

struct YamlLimits {
  size_t values;  // Over all documents: containers and what is in them, aliases too, but no keys.
  size_t depth;
  size_t anchors;  // 0: neither anchors nor aliases are read.
};

// kInvalidArgument, with the line, for what is not YAML, an alias of nothing or of what it is a part of, and what is
// beyond the limits.
absl::StatusOr<std::vector<YamlTree>> ParseYamlTrees(std::string_view text, const YamlLimits& limits);

}  // namespace syscarve
