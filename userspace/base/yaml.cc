// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/yaml.h"

#include <charconv>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/text.h"
#include "userspace/base/yaml_parser.h"
#include "userspace/base/yaml_tree.h"

namespace syscarve {
namespace {

constexpr std::string_view kTextTag = "tag:yaml.org,2002:str";

JsonValue FromPlain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::string_view digits = text;
  if (digits.starts_with("0x")) {
    digits.remove_prefix(2);
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    if (error == std::errc() && end == digits.data() + digits.size()) return number;
    return text;
  }
  if (digits.starts_with('-')) digits.remove_prefix(1);
  // With a leading zero it is octal to some readers and decimal to others.
  if (digits.size() > 1 && digits.front() == '0') return text;
  if (const auto number = ParseNumber<uint64_t>(text)) return *number;
  if (const auto number = ParseNumber<int64_t>(text)) return *number;
  return text;
}

// Converts the nodes of one document into values, moving from them.
class Converter {
 public:
  explicit Converter(YamlTree tree) : nodes_(std::move(tree.nodes)) {}

  absl::StatusOr<JsonValue> Root() { return Value(nodes_.front()); }

 private:
  static absl::Status CheckTag(const YamlNode& node) {
    const bool is_text = node.kind == YamlKind::kScalar && node.tag == kTextTag;
    if (node.tag.empty() || node.tag == "!" || is_text) return absl::OkStatus();
    return YamlError(node.line, Concat("the tag \"", ShownYaml(node.tag), "\" is not read"));
  }

  static JsonPlace PlaceOf(const YamlNode& node) { return {.line = node.line, .column = node.column}; }

  // The recursion is as deep as the tree, which is limited. Without aliases every node is visited once.
  absl::StatusOr<JsonValue> Value(YamlNode& node) {
    SYSCARVE_RETURN_IF_ERROR(CheckTag(node));
    JsonValue value;
    if (node.kind == YamlKind::kScalar) {
      value = node.plain && node.tag.empty() ? FromPlain(node.text) : JsonValue(std::move(node.text));
    } else if (node.kind == YamlKind::kSequence) {
      JsonValue::Array elements;
      elements.reserve(node.children.size());
      for (const uint32_t child : node.children) {
        SYSCARVE_ASSIGN_OR_RETURN(JsonValue element, Value(nodes_[child]));
        elements.push_back(std::move(element));
      }
      value = JsonValue(std::move(elements));
    } else {
      SYSCARVE_ASSIGN_OR_RETURN(value, Members(node));
    }
    value.place = PlaceOf(node);
    return value;
  }

  absl::StatusOr<JsonValue> Members(const YamlNode& mapping) {
    JsonValue::Object members;
    std::set<std::string> keys;
    for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      YamlNode& key = nodes_[mapping.children[i]];
      SYSCARVE_RETURN_IF_ERROR(CheckTag(key));
      if (key.kind != YamlKind::kScalar) return YamlError(key.line, "a key must be a text");
      if (key.plain && key.text == "<<") return YamlError(key.line, "merge keys are not read");
      if (!keys.insert(key.text).second) {
        return YamlError(key.line, Concat("the key \"", ShownYaml(key.text), "\" is there twice"));
      }
      SYSCARVE_ASSIGN_OR_RETURN(JsonValue value, Value(nodes_[mapping.children[i + 1]]));
      members.push_back({std::move(key.text), std::move(value), PlaceOf(key)});
    }
    return JsonValue(std::move(members));
  }

  std::vector<YamlNode> nodes_;
};

}  // namespace

absl::StatusOr<std::vector<JsonValue>> ParseYaml(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return absl::InvalidArgumentError(Concat("larger than ", limits.bytes, " bytes, the most that is read"));
  }
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<YamlTree> trees,
                            ParseYamlTrees(text, {.values = limits.values, .depth = limits.depth, .anchors = 0}));
  std::vector<JsonValue> documents;
  for (YamlTree& tree : trees) {
    SYSCARVE_ASSIGN_OR_RETURN(JsonValue root, Converter(std::move(tree)).Root());
    if (!std::holds_alternative<std::nullptr_t>(root.data)) documents.push_back(std::move(root));
  }
  return documents;
}

}  // namespace syscarve
