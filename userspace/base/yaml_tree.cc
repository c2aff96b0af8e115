// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/yaml_tree.h"

#include <map>
#include <utility>

#include "userspace/base/concat.h"
#include "userspace/base/yaml_parser.h"

namespace syscarve {
namespace {

class Composer {
 public:
  explicit Composer(const YamlLimits& limits) : limits_(limits) {}

  absl::Status Take(YamlEvent event) {
    if (limits_.anchors == 0 && (!event.anchor.empty() || event.kind == YamlEventKind::kAlias)) {
      return YamlError(event.line, "anchors and aliases are not read");
    }
    switch (event.kind) {
      case YamlEventKind::kDocumentStart:
        trees_.push_back({.line = event.line, .nodes = {}});
        anchors_.clear();
        return absl::OkStatus();
      case YamlEventKind::kScalar:
        return Add(YamlKind::kScalar, std::move(event));
      case YamlEventKind::kSequenceStart:
        return Open(YamlKind::kSequence, std::move(event));
      case YamlEventKind::kMappingStart:
        return Open(YamlKind::kMapping, std::move(event));
      case YamlEventKind::kSequenceEnd:
      case YamlEventKind::kMappingEnd:
        open_.pop_back();
        return absl::OkStatus();
      case YamlEventKind::kAlias:
        return AddAlias(event);
      default:
        return absl::OkStatus();
    }
  }

  std::vector<YamlTree> Trees() && { return std::move(trees_); }

 private:
  std::vector<YamlNode>& nodes() { return trees_.back().nodes; }

  absl::Status Attach(uint32_t node, size_t line) {
    const bool is_key = !open_.empty() && nodes()[open_.back()].kind == YamlKind::kMapping &&
                        nodes()[open_.back()].children.size() % 2 == 0;
    if (!is_key && ++values_ > limits_.values) return YamlError(line, Concat("more than ", limits_.values, " values"));
    if (!open_.empty()) nodes()[open_.back()].children.push_back(node);
    return absl::OkStatus();
  }

  absl::Status Add(YamlKind kind, YamlEvent event) {
    const auto place = static_cast<uint32_t>(nodes().size());
    nodes().push_back({.kind = kind,
                       .plain = event.plain,
                       .line = static_cast<uint32_t>(event.line),
                       .column = static_cast<uint32_t>(event.column),
                       .text = std::move(event.text),
                       .tag = std::move(event.tag),
                       .children = {}});
    SYSCARVE_RETURN_IF_ERROR(Attach(place, event.line));
    if (event.anchor.empty()) return absl::OkStatus();
    anchors_[std::move(event.anchor)] = place;
    if (anchors_.size() <= limits_.anchors) return absl::OkStatus();
    return YamlError(event.line, Concat("more than ", limits_.anchors, " anchors"));
  }

  absl::Status Open(YamlKind kind, YamlEvent event) {
    if (open_.size() == limits_.depth) {
      return YamlError(event.line, Concat("nested more than ", limits_.depth, " deep"));
    }
    const auto place = static_cast<uint32_t>(nodes().size());
    SYSCARVE_RETURN_IF_ERROR(Add(kind, std::move(event)));
    open_.push_back(place);
    return absl::OkStatus();
  }

  absl::Status AddAlias(const YamlEvent& event) {
    const auto anchor = anchors_.find(event.text);
    if (anchor == anchors_.end()) {
      return YamlError(event.line, Concat("nothing has the anchor \"", ShownYaml(event.text), "\""));
    }
    for (const uint32_t open : open_) {
      if (open != anchor->second) continue;
      return YamlError(event.line, Concat("\"", ShownYaml(event.text), "\" is a part of itself"));
    }
    return Attach(anchor->second, event.line);
  }

  const YamlLimits& limits_;
  std::vector<YamlTree> trees_;
  std::vector<uint32_t> open_;               // In the last tree, from the root down.
  std::map<std::string, uint32_t> anchors_;  // Likewise.
  size_t values_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<YamlTree>> ParseYamlTrees(std::string_view text, const YamlLimits& limits) {
  YamlParser parser(text);
  Composer composer(limits);
  while (true) {
    SYSCARVE_ASSIGN_OR_RETURN(YamlEvent event, parser.Next());
    if (event.kind == YamlEventKind::kStreamEnd) return std::move(composer).Trees();
    SYSCARVE_RETURN_IF_ERROR(composer.Take(std::move(event)));
  }
}

}  // namespace syscarve
