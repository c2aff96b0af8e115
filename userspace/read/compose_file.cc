// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/compose_file.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/yaml_parser.h"
#include "userspace/base/yaml_tree.h"

namespace syscarve {
namespace {

constexpr YamlLimits kLimits = {.values = 100'000, .depth = 64, .anchors = 1000};
constexpr size_t kMaxElements = 1024;  // Per list.
constexpr size_t kMaxMerges = 1000;    // Mappings visited for one service: merge keys can be nested like a bomb.

// Reads the fields of a document.
class ComposeReader {
 public:
  explicit ComposeReader(YamlTree tree) : nodes_(std::move(tree.nodes)) {}

  absl::StatusOr<ComposeFile> Read() const {
    const YamlNode& root = nodes_.front();
    if (root.kind != YamlKind::kMapping) return YamlError(root.line, "expected a mapping with \"services\"");
    ComposeFile file;
    SYSCARVE_ASSIGN_OR_RETURN(const YamlNode* const version, Find(root, "version"));
    // Compose 1 accepts no other version; Compose 2 needs none and ignores it.
    if (version != nullptr && !version->text.empty() &&
        version->text.find_first_not_of("0123456789.") == std::string::npos) {
      file.version = version->text;
    }
    SYSCARVE_ASSIGN_OR_RETURN(const YamlNode* const include, Find(root, "include"));
    file.includes = include != nullptr;
    SYSCARVE_ASSIGN_OR_RETURN(const YamlNode* const services, Find(root, "services"));
    if (services == nullptr || services->kind != YamlKind::kMapping) {
      return YamlError(services != nullptr ? services->line : root.line, "expected a mapping with \"services\"");
    }
    SYSCARVE_RETURN_IF_ERROR(CheckKeys(*services));
    for (size_t i = 0; i + 1 < services->children.size(); i += 2) {
      const YamlNode& name = nodes_[services->children[i]];
      if (name.kind != YamlKind::kScalar) return YamlError(name.line, "expected a service's name");
      if (name.plain && name.text == "<<") {
        file.includes = true;
        continue;
      }
      absl::StatusOr<ComposeService> service = ReadService(name.text, nodes_[services->children[i + 1]]);
      if (!service.ok()) return Annotate(service.status(), Concat("service \"", ShownYaml(name.text), "\""));
      file.services.push_back(*std::move(service));
    }
    return file;
  }

 private:
  static bool IsNull(const YamlNode& node) {
    return node.kind == YamlKind::kScalar && node.plain &&
           (node.text.empty() || node.text == "~" || node.text == "null");
  }

  // True in YAML 1.1 or 1.2. Anything else, such as a variable, is not known to be true.
  static bool SaysYes(const YamlNode& node) {
    std::string lower = node.text;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return node.kind == YamlKind::kScalar && (lower == "true" || lower == "yes" || lower == "on");
  }

  // The value of `key` in `mapping`, or in the mappings merged into it, in their order; nullptr if there is none.
  absl::StatusOr<const YamlNode*> Find(const YamlNode& mapping, std::string_view key) const {
    SYSCARVE_RETURN_IF_ERROR(CheckKeys(mapping));
    size_t budget = kMaxMerges;
    return FindMerged(mapping, key, budget);
  }

  absl::StatusOr<const YamlNode*> FindMerged(const YamlNode& mapping, std::string_view key, size_t& budget) const {
    if (budget-- == 0) return YamlError(mapping.line, Concat("more than ", kMaxMerges, " merges"));
    const YamlNode* merged = nullptr;
    for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      const YamlNode& name = nodes_[mapping.children[i]];
      const YamlNode& value = nodes_[mapping.children[i + 1]];
      if (name.kind != YamlKind::kScalar) continue;
      if (name.text == key) return &value;
      if (name.plain && name.text == "<<") merged = &value;
    }
    if (merged == nullptr) return nullptr;
    if (merged->kind == YamlKind::kMapping) return FindMerged(*merged, key, budget);
    if (merged->kind == YamlKind::kScalar) return YamlError(merged->line, "only mappings can be merged");
    for (const uint32_t index : merged->children) {
      const YamlNode& one = nodes_[index];
      if (one.kind != YamlKind::kMapping) return YamlError(one.line, "only mappings can be merged");
      SYSCARVE_ASSIGN_OR_RETURN(const YamlNode* const found, FindMerged(one, key, budget));
      if (found != nullptr) return found;
    }
    return nullptr;
  }

  absl::Status CheckKeys(const YamlNode& mapping) const {
    std::set<std::string_view> keys;
    for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      const YamlNode& key = nodes_[mapping.children[i]];
      if (key.kind == YamlKind::kScalar && !keys.insert(key.text).second) {
        return YamlError(key.line, Concat("the key \"", ShownYaml(key.text), "\" is there twice"));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ReadList(const YamlNode& mapping, std::string_view key) const {
    std::vector<std::string> texts;
    SYSCARVE_ASSIGN_OR_RETURN(const YamlNode* const list, Find(mapping, key));
    if (list == nullptr || IsNull(*list)) return texts;
    if (list->kind != YamlKind::kSequence) return YamlError(list->line, Concat("expected a list as \"", key, "\""));
    if (list->children.size() > kMaxElements)
      return YamlError(list->line, Concat("more than ", kMaxElements, " elements"));
    for (const uint32_t index : list->children) {
      const YamlNode& element = nodes_[index];
      if (element.kind != YamlKind::kScalar) return YamlError(element.line, Concat("expected texts in \"", key, "\""));
      texts.push_back(element.text);
    }
    return texts;
  }

  absl::StatusOr<ComposeService> ReadService(std::string name, const YamlNode& node) const {
    ComposeService service = {.name = std::move(name)};
    if (IsNull(node)) return service;
    if (node.kind != YamlKind::kMapping) return YamlError(node.line, "expected a mapping");
    SYSCARVE_ASSIGN_OR_RETURN(service.security_opt, ReadList(node, "security_opt"));
    SYSCARVE_ASSIGN_OR_RETURN(service.cap_add, ReadList(node, "cap_add"));
    SYSCARVE_ASSIGN_OR_RETURN(service.cap_drop, ReadList(node, "cap_drop"));
    SYSCARVE_ASSIGN_OR_RETURN(const YamlNode* const privileged, Find(node, "privileged"));
    service.privileged = privileged != nullptr && SaysYes(*privileged);
    SYSCARVE_ASSIGN_OR_RETURN(const YamlNode* const extends, Find(node, "extends"));
    service.extends = extends != nullptr;
    return service;
  }

  std::vector<YamlNode> nodes_;
};

}  // namespace

absl::StatusOr<ComposeFile> ParseComposeFile(std::string_view text) {
  if (text.size() > kMaxComposeBytes) {
    return absl::InvalidArgumentError(Concat("larger than ", kMaxComposeBytes, " bytes, the most that is read"));
  }
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<YamlTree> trees, ParseYamlTrees(text, kLimits));
  if (trees.empty()) return absl::InvalidArgumentError("the file is empty");
  if (trees.size() > 1) return YamlError(trees[1].line, "there is more than one document in the file");
  return ComposeReader(std::move(trees.front())).Read();
}

}  // namespace syscarve
