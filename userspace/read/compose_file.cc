// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/compose_file.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/yaml_parser.h"

namespace syscarve {
namespace {

constexpr size_t kMaxNodes = 100'000;
constexpr size_t kMaxAnchors = 1000;
constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxElements = 1024;  // Of one list that is read.
constexpr size_t kMaxMerges = 1000;    // Mappings looked at for one service: merge keys can be nested like a bomb.

enum class NodeKind { kScalar, kSequence, kMapping };

// A node of the document. Aliases are the index of the node that they name, so a document is never larger than its
// text.
struct Node {
  NodeKind kind = NodeKind::kScalar;
  size_t line = 0;
  bool plain = false;  // A scalar without quotes.
  bool open = false;   // Its end has not been read yet.
  std::string text;
  std::vector<size_t> children;  // Of a mapping: key, value, key, value …
};

// Builds the nodes of one document; node 0 is its root.
class Composer {
 public:
  absl::StatusOr<std::vector<Node>> Compose(std::string_view text) {
    YamlParser parser(text);
    for (bool more = true; more;) {
      SYSCARVE_ASSIGN_OR_RETURN(YamlEvent event, parser.Next());
      more = event.kind != YamlEventKind::kStreamEnd;
      SYSCARVE_RETURN_IF_ERROR(Take(std::move(event)));
    }
    if (nodes_.empty()) return absl::InvalidArgumentError("the file is empty");
    return std::move(nodes_);
  }

 private:
  absl::Status Take(YamlEvent event) {
    const size_t line = event.line;
    switch (event.kind) {
      case YamlEventKind::kDocumentStart:
        if (!nodes_.empty()) return YamlError(line, "there is more than one document in the file");
        return absl::OkStatus();
      case YamlEventKind::kScalar:
        return Add({.kind = NodeKind::kScalar, .line = line, .plain = event.plain, .text = std::move(event.text)},
                   event.anchor)
            .status();
      case YamlEventKind::kSequenceStart:
        return Open(NodeKind::kSequence, line, event.anchor);
      case YamlEventKind::kMappingStart:
        return Open(NodeKind::kMapping, line, event.anchor);
      case YamlEventKind::kSequenceEnd:
      case YamlEventKind::kMappingEnd:
        nodes_[open_.back()].open = false;
        open_.pop_back();
        return absl::OkStatus();
      case YamlEventKind::kAlias: {
        const auto anchor = anchors_.find(event.text);
        if (anchor == anchors_.end()) {
          return YamlError(line, Concat("nothing has the anchor \"", ShownYaml(event.text), "\""));
        }
        if (nodes_[anchor->second].open) {
          return YamlError(line, Concat("\"", ShownYaml(event.text), "\" is a part of itself"));
        }
        return Attach(anchor->second, line);
      }
      default:
        return absl::OkStatus();
    }
  }

  absl::Status Attach(size_t node, size_t line) {
    if (open_.empty()) return absl::OkStatus();
    // Aliases make no nodes, and are counted here for that.
    if (++children_ > kMaxNodes) return YamlError(line, Concat("more than ", kMaxNodes, " values"));
    nodes_[open_.back()].children.push_back(node);
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Add(Node node, const std::string& anchor) {
    const size_t index = nodes_.size();
    const size_t line = node.line;
    nodes_.push_back(std::move(node));
    SYSCARVE_RETURN_IF_ERROR(Attach(index, line));
    if (!anchor.empty()) {
      anchors_[anchor] = index;
      if (anchors_.size() > kMaxAnchors) return YamlError(line, Concat("more than ", kMaxAnchors, " anchors"));
    }
    return index;
  }

  absl::Status Open(NodeKind kind, size_t line, const std::string& anchor) {
    if (open_.size() == kMaxDepth) return YamlError(line, Concat("nested more than ", kMaxDepth, " deep"));
    SYSCARVE_ASSIGN_OR_RETURN(const size_t index, Add({.kind = kind, .line = line, .open = true}, anchor));
    open_.push_back(index);
    return absl::OkStatus();
  }

  std::vector<Node> nodes_;
  std::vector<size_t> open_;
  std::map<std::string, size_t> anchors_;
  size_t children_ = 0;
};

// Reads the fields of a document.
class Reader {
 public:
  explicit Reader(std::vector<Node> nodes) : nodes_(std::move(nodes)) {}

  absl::StatusOr<ComposeFile> Read() const {
    const Node& root = nodes_.front();
    if (root.kind != NodeKind::kMapping) return YamlError(root.line, "expected a mapping with \"services\"");
    ComposeFile file;
    SYSCARVE_ASSIGN_OR_RETURN(const Node* const version, Find(root, "version"));
    // Compose 1 takes no other version; Compose 2 asks for none and ignores what is there.
    if (version != nullptr && !version->text.empty() &&
        version->text.find_first_not_of("0123456789.") == std::string::npos) {
      file.version = version->text;
    }
    SYSCARVE_ASSIGN_OR_RETURN(const Node* const include, Find(root, "include"));
    file.includes = include != nullptr;
    SYSCARVE_ASSIGN_OR_RETURN(const Node* const services, Find(root, "services"));
    if (services == nullptr || services->kind != NodeKind::kMapping) {
      return YamlError(services != nullptr ? services->line : root.line, "expected a mapping with \"services\"");
    }
    SYSCARVE_RETURN_IF_ERROR(CheckKeys(*services));
    for (size_t i = 0; i + 1 < services->children.size(); i += 2) {
      const Node& name = nodes_[services->children[i]];
      if (name.kind != NodeKind::kScalar) return YamlError(name.line, "expected a service's name");
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
  static bool IsNull(const Node& node) {
    return node.kind == NodeKind::kScalar && node.plain &&
           (node.text.empty() || node.text == "~" || node.text == "null");
  }

  // What YAML 1.1 or 1.2 takes for true. Anything else, a variable for one, is not known to be.
  static bool SaysYes(const Node& node) {
    std::string lower = node.text;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return node.kind == NodeKind::kScalar && (lower == "true" || lower == "yes" || lower == "on");
  }

  // The value of `key` in `mapping` or, in their order, in what is merged into it; nullptr when it has none.
  absl::StatusOr<const Node*> Find(const Node& mapping, std::string_view key) const {
    SYSCARVE_RETURN_IF_ERROR(CheckKeys(mapping));
    size_t budget = kMaxMerges;
    return FindMerged(mapping, key, budget);
  }

  absl::StatusOr<const Node*> FindMerged(const Node& mapping, std::string_view key, size_t& budget) const {
    if (budget-- == 0) return YamlError(mapping.line, Concat("more than ", kMaxMerges, " merges"));
    const Node* merged = nullptr;
    for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      const Node& name = nodes_[mapping.children[i]];
      const Node& value = nodes_[mapping.children[i + 1]];
      if (name.kind != NodeKind::kScalar) continue;
      if (name.text == key) return &value;
      if (name.plain && name.text == "<<") merged = &value;
    }
    if (merged == nullptr) return nullptr;
    if (merged->kind == NodeKind::kMapping) return FindMerged(*merged, key, budget);
    if (merged->kind == NodeKind::kScalar) return YamlError(merged->line, "only mappings can be merged");
    for (const size_t index : merged->children) {
      const Node& one = nodes_[index];
      if (one.kind != NodeKind::kMapping) return YamlError(one.line, "only mappings can be merged");
      SYSCARVE_ASSIGN_OR_RETURN(const Node* const found, FindMerged(one, key, budget));
      if (found != nullptr) return found;
    }
    return nullptr;
  }

  absl::Status CheckKeys(const Node& mapping) const {
    std::set<std::string_view> keys;
    for (size_t i = 0; i + 1 < mapping.children.size(); i += 2) {
      const Node& key = nodes_[mapping.children[i]];
      if (key.kind == NodeKind::kScalar && !keys.insert(key.text).second) {
        return YamlError(key.line, Concat("the key \"", ShownYaml(key.text), "\" is there twice"));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<std::string>> ReadList(const Node& mapping, std::string_view key) const {
    std::vector<std::string> texts;
    SYSCARVE_ASSIGN_OR_RETURN(const Node* const list, Find(mapping, key));
    if (list == nullptr || IsNull(*list)) return texts;
    if (list->kind != NodeKind::kSequence) return YamlError(list->line, Concat("expected a list as \"", key, "\""));
    if (list->children.size() > kMaxElements)
      return YamlError(list->line, Concat("more than ", kMaxElements, " elements"));
    for (const size_t index : list->children) {
      const Node& element = nodes_[index];
      if (element.kind != NodeKind::kScalar) return YamlError(element.line, Concat("expected texts in \"", key, "\""));
      texts.push_back(element.text);
    }
    return texts;
  }

  absl::StatusOr<ComposeService> ReadService(std::string name, const Node& node) const {
    ComposeService service = {.name = std::move(name)};
    if (IsNull(node)) return service;
    if (node.kind != NodeKind::kMapping) return YamlError(node.line, "expected a mapping");
    SYSCARVE_ASSIGN_OR_RETURN(service.security_opt, ReadList(node, "security_opt"));
    SYSCARVE_ASSIGN_OR_RETURN(service.cap_add, ReadList(node, "cap_add"));
    SYSCARVE_ASSIGN_OR_RETURN(service.cap_drop, ReadList(node, "cap_drop"));
    SYSCARVE_ASSIGN_OR_RETURN(const Node* const privileged, Find(node, "privileged"));
    service.privileged = privileged != nullptr && SaysYes(*privileged);
    SYSCARVE_ASSIGN_OR_RETURN(const Node* const extends, Find(node, "extends"));
    service.extends = extends != nullptr;
    return service;
  }

  std::vector<Node> nodes_;
};

}  // namespace

absl::StatusOr<ComposeFile> ParseComposeFile(std::string_view text) {
  if (text.size() > kMaxComposeBytes) {
    return absl::InvalidArgumentError(Concat("larger than ", kMaxComposeBytes, " bytes, the most that is read"));
  }
  SYSCARVE_ASSIGN_OR_RETURN(std::vector<Node> nodes, Composer().Compose(text));
  return Reader(std::move(nodes)).Read();
}

}  // namespace syscarve
