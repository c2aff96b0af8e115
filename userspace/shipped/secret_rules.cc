// SPDX-License-Identifier: Apache-2.0
#include "userspace/shipped/secret_rules.h"

#include <optional>
#include <set>

#include "userspace/shipped/shipped_file.h"

namespace syscarve {
namespace {

using shipped::kMaxElements;
using shipped::kMaxText;

constexpr size_t kMaxLength = 4096;
// The scanner looks candidates up by their first three bytes.
constexpr size_t kShortestPrefix = 3;

// "A-Za-z0-9_-" as in a regular expression's brackets.
CharacterSet Characters(const JsonReader& field) {
  const std::string text = field.Text(kMaxText);
  CharacterSet set;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if (i + 2 < text.size() && text[i + 1] == '-') {
      for (unsigned c = first; c <= static_cast<unsigned char>(text[i + 2]); ++c) set.set(c);
      i += 2;
    } else {
      set.set(first);
    }
  }
  if (set.none()) field.Fail("expected at least one character");
  return set;
}

void ReadRule(const JsonReader& element, std::set<std::string>& ids, SecretRule& rule) {
  const JsonReader id = element.Required("id");
  rule.id = id.Text(kMaxText);
  if (rule.id.empty() || !ids.insert(rule.id).second) id.Fail("expected an id that no other rule has");
  rule.summary = element.Required("summary").Text(kMaxText);
  const JsonReader severity = element.Required("severity");
  const std::optional<Severity> found = SeverityFromName(severity.Text(kMaxText));
  if (!found.has_value()) severity.Fail("expected note, low, medium, high or critical");
  rule.severity = found.value_or(Severity::kMedium);
}

SecretValue ReadValue(const JsonReader& element) {
  SecretValue value;
  value.characters = Characters(element.Required("characters"));
  value.least = element.Required("least").Uint(1, kMaxLength);
  value.most = element.Required("most").Uint(value.least, kMaxLength);
  value.distinct = element.Required("distinct").Uint(1, value.least);
  return value;
}

std::vector<std::string> OptionalNames(const JsonReader& list) {
  return list.exists() ? shipped::NameList(list) : std::vector<std::string>();
}

SecretToken ReadToken(const JsonReader& element, std::set<std::string>& ids) {
  element.AllowOnly({"id", "summary", "severity", "prefixes", "characters", "least", "most", "distinct"});
  SecretToken token;
  ReadRule(element, ids, token);
  token.prefixes = shipped::NameList(element.Required("prefixes"));
  for (const std::string& prefix : token.prefixes) {
    if (prefix.size() < kShortestPrefix) element.Required("prefixes").Fail("a prefix has three bytes at least");
  }
  token.value = ReadValue(element);
  return token;
}

SecretBlock ReadBlock(const JsonReader& element, std::set<std::string>& ids) {
  element.AllowOnly({"id", "summary", "severity", "begins", "least", "encrypted"});
  SecretBlock block;
  ReadRule(element, ids, block);
  block.begins = shipped::NameList(element.Required("begins"));
  for (const std::string& begin : block.begins) {
    if (begin.size() < kShortestPrefix) element.Required("begins").Fail("a beginning has three bytes at least");
  }
  block.least = element.Required("least").Uint(1, kMaxLength);
  block.encrypted = OptionalNames(element.Optional("encrypted"));
  return block;
}

SecretVariable ReadVariable(const JsonReader& element, std::set<std::string>& ids) {
  element.AllowOnly({"id", "summary", "severity", "names", "in_any_text", "characters", "least", "most", "distinct"});
  SecretVariable variable;
  ReadRule(element, ids, variable);
  variable.names = shipped::NameList(element.Required("names"));
  for (const std::string& name : variable.names) {
    if (name.size() < kShortestPrefix) element.Required("names").Fail("a name has three bytes at least");
  }
  const JsonReader everywhere = element.Optional("in_any_text");
  variable.in_any_text = everywhere.exists() && everywhere.Bool();
  variable.value = ReadValue(element);
  return variable;
}

SecretFile ReadFileRule(const JsonReader& element, std::set<std::string>& ids) {
  element.AllowOnly({"id", "summary", "severity", "names", "except", "holds", "sets_variables"});
  SecretFile file;
  ReadRule(element, ids, file);
  file.names = shipped::NameList(element.Required("names"));
  file.except = OptionalNames(element.Optional("except"));
  file.holds = OptionalNames(element.Optional("holds"));
  const JsonReader variables = element.Optional("sets_variables");
  file.sets_variables = variables.exists() && variables.Bool();
  return file;
}

}  // namespace

absl::StatusOr<SecretRules> ParseSecretRules(std::string_view text) {
  const auto read = [](const JsonReader& root, SecretRules& rules) {
    root.AllowOnly({"schema", "source", "tokens", "blocks", "variables", "files", "placeholders"});
    if (root.Required("source").Text(kMaxText).empty()) root.Required("source").Fail("says nothing");
    std::set<std::string> ids;
    root.Required("tokens").ForEach(
        kMaxElements, [&](const JsonReader& element) { rules.tokens.push_back(ReadToken(element, ids)); });
    root.Required("blocks").ForEach(
        kMaxElements, [&](const JsonReader& element) { rules.blocks.push_back(ReadBlock(element, ids)); });
    root.Required("variables").ForEach(kMaxElements, [&](const JsonReader& element) {
      rules.variables.push_back(ReadVariable(element, ids));
    });
    root.Required("files").ForEach(
        kMaxElements, [&](const JsonReader& element) { rules.files.push_back(ReadFileRule(element, ids)); });
    rules.placeholders = shipped::NameList(root.Required("placeholders"));
  };
  return shipped::Parse<SecretRules>(text, "syscarve.secrets/1", read);
}

absl::StatusOr<const SecretRules*> ShippedSecretRules() {
  return shipped::Shipped("rules/secrets.json", ParseSecretRules);
}

}  // namespace syscarve
