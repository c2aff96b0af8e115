// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/path_rules.h"

#include <iterator>
#include <optional>
#include <utility>

#include "userspace/base/text.h"
#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;

constexpr size_t kMaxDigits = 128;
constexpr size_t kMaxSiblings = 1000;

struct NamedPart {
  std::string_view name;
  PathPartKind kind;
};
constexpr NamedPart kNamedParts[] = {{"number", PathPartKind::kNumber},
                                     {"pid", PathPartKind::kPid},
                                     {"version", PathPartKind::kVersion},
                                     {"tree", PathPartKind::kTree}};

bool ConsumePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void AddLiteral(std::string_view text, std::vector<PathPart>& parts) {
  if (parts.empty() || parts.back().kind != PathPartKind::kLiteral) parts.push_back({.kind = PathPartKind::kLiteral});
  parts.back().text += text;
}

// 8-4-4-4-12 hexadecimal digits.
void AddUuid(std::vector<PathPart>& parts) {
  constexpr size_t kGroups[] = {8, 4, 4, 4, 12};
  for (size_t i = 0; i < std::size(kGroups); ++i) {
    if (i > 0) AddLiteral("-", parts);
    parts.push_back({.kind = PathPartKind::kHex, .count = kGroups[i]});
  }
}

// Parses the text between "<" and ">"; false if it has no meaning.
bool AddNamed(std::string_view name, std::vector<PathPart>& parts) {
  if (name == "uuid") {
    AddUuid(parts);
    return true;
  }
  for (const NamedPart& named : kNamedParts) {
    if (named.name != name) continue;
    parts.push_back({.kind = named.kind});
    return true;
  }
  PathPart part;
  if (ConsumePrefix(name, "hex:")) {
    part.kind = PathPartKind::kHex;
  } else if (ConsumePrefix(name, "word:")) {
    part.kind = PathPartKind::kWord;
  } else {
    return false;
  }
  const std::optional<size_t> count = ParseNumber<size_t>(name);
  if (!count.has_value() || *count == 0 || *count > kMaxDigits) return false;
  part.count = *count;
  parts.push_back(std::move(part));
  return true;
}

std::vector<PathPart> ReadParts(const JsonReader& field) {
  const std::string text = field.Text(kMaxText);
  std::vector<PathPart> parts;
  for (std::string_view left = text; !left.empty();) {
    if (ConsumePrefix(left, "**")) {
      parts.push_back({.kind = PathPartKind::kKeptDeep});
    } else if (ConsumePrefix(left, "*")) {
      parts.push_back({.kind = PathPartKind::kKept});
    } else if (ConsumePrefix(left, "<")) {
      const size_t end = left.find('>');
      if (end == std::string_view::npos || !AddNamed(left.substr(0, end), parts)) {
        field.Fail("expected number, pid, version, tree, uuid, hex:N or word:N between \"<\" and \">\"");
        return parts;
      }
      left.remove_prefix(end + 1);
    } else {
      AddLiteral(left.substr(0, 1), parts);
      left.remove_prefix(1);
    }
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    const bool is_last = i + 1 == parts.size();
    const PathPartKind kind = parts[i].kind;
    if ((kind == PathPartKind::kVersion || kind == PathPartKind::kTree) && !is_last) {
      field.Fail("<version> and <tree> end a path");
    }
  }
  if (!text.starts_with('/') && !text.starts_with("**/")) field.Fail("must begin with \"/\" or \"**/\"");
  return parts;
}

FileUses ReadUses(const JsonReader& list) {
  FileUses uses;
  if (!list.exists()) return uses;
  list.ForEach(kFileUseCount, [&uses](const JsonReader& element) {
    const std::optional<FileUse> use = FileUseFromName(element.Text(kMaxText));
    if (!use.has_value()) element.Fail("expected a use of files, such as \"read\"");
    uses |= use.value_or(FileUse::kRead);
  });
  if (uses.empty()) list.Fail("expected at least one use");
  return uses;
}

std::string ReadWhy(const JsonReader& element) {
  const JsonReader why = element.Required("why");
  std::string text = why.Text(kMaxText);
  if (!text.ends_with('.')) why.Fail("expected a sentence");
  return text;
}

PathRule ReadRule(const JsonReader& element) {
  element.AllowOnly({"id", "path", "only", "with", "siblings", "why"});
  PathRule rule;
  const JsonReader id = element.Required("id");
  rule.id = id.Text(kMaxText);
  if (rule.id.empty()) id.Fail("expected an id");
  rule.why = ReadWhy(element);
  rule.parts = ReadParts(element.Required("path"));
  rule.only = ReadUses(element.Optional("only"));
  rule.with = ReadUses(element.Optional("with"));
  if (const JsonReader siblings = element.Optional("siblings"); siblings.exists()) {
    rule.siblings = siblings.Uint(2, kMaxSiblings);
  }
  return rule;
}

FixedPath ReadFixed(const JsonReader& element) {
  element.AllowOnly({"path", "uses", "why"});
  const JsonReader path = element.Required("path");
  FixedPath fixed = {.parts = ReadParts(path), .uses = ReadUses(element.Required("uses")), .why = ReadWhy(element)};
  for (const PathPart& part : fixed.parts) {
    if (part.kind == PathPartKind::kKept || part.kind == PathPartKind::kKeptDeep) {
      path.Fail("there is nothing that \"*\" could be kept from");
    }
  }
  return fixed;
}

}  // namespace

absl::StatusOr<PathRules> ParsePathRules(std::string_view text) {
  const auto read = [](const JsonReader& root, PathRules& rules) {
    root.AllowOnly({"schema", "source", "rules", "always", "guarded"});
    if (root.Required("source").Text(kMaxText).empty()) root.Required("source").Fail("says nothing");
    root.Required("rules").ForEach(kMaxElements,
                                   [&](const JsonReader& element) { rules.rules.push_back(ReadRule(element)); });
    root.Required("always").ForEach(kMaxElements,
                                    [&](const JsonReader& element) { rules.always.push_back(ReadFixed(element)); });
    root.Required("guarded").ForEach(kMaxElements,
                                     [&](const JsonReader& element) { rules.guarded.push_back(ReadFixed(element)); });
  };
  return shipped::Parse<PathRules>(text, "syscarve.paths/1", read);
}

absl::StatusOr<const PathRules*> ShippedPathRules() {
  return shipped::Shipped("rules/paths.json", ParsePathRules);
}

}  // namespace syscarve
