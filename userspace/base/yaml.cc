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
  // A leading zero makes it octal to some readers and decimal to others.
  if (digits.size() > 1 && digits.front() == '0') return text;
  if (const auto number = ParseNumber<uint64_t>(text)) return *number;
  if (const auto number = ParseNumber<int64_t>(text)) return *number;
  return text;
}

JsonPlace PlaceOf(const YamlEvent& event) {
  return {.line = static_cast<uint32_t>(event.line), .column = static_cast<uint32_t>(event.column)};
}

class Builder {
 public:
  explicit Builder(const JsonLimits& limits) : limits_(limits) {}

  absl::Status Take(YamlEvent event) {
    const size_t line = event.line;
    const JsonPlace place = PlaceOf(event);
    if (!event.anchor.empty() || event.kind == YamlEventKind::kAlias) {
      return YamlError(line, "anchors and aliases are not read");
    }
    if (!event.tag.empty() && event.tag != "!" && !(event.kind == YamlEventKind::kScalar && event.tag == kTextTag)) {
      return YamlError(line, Concat("the tag \"", ShownYaml(event.tag), "\" is not read"));
    }
    switch (event.kind) {
      case YamlEventKind::kScalar:
        if (WantsKey()) return TakeKey(event);
        return Add(event.plain && event.tag.empty() ? FromPlain(event.text) : JsonValue(std::move(event.text)), place);
      case YamlEventKind::kSequenceStart:
      case YamlEventKind::kMappingStart:
        if (WantsKey()) return YamlError(line, "a key must be a text");
        if (open_.size() == limits_.depth) return YamlError(line, Concat("nested more than ", limits_.depth, " deep"));
        open_.push_back({.is_mapping = event.kind == YamlEventKind::kMappingStart, .place = place});
        return absl::OkStatus();
      case YamlEventKind::kSequenceEnd:
      case YamlEventKind::kMappingEnd: {
        Container ended = std::move(open_.back());
        open_.pop_back();
        return Add(ended.is_mapping ? JsonValue(std::move(ended.members)) : JsonValue(std::move(ended.elements)),
                   ended.place);
      }
      default:
        return absl::OkStatus();
    }
  }

  std::vector<JsonValue> Documents() && { return std::move(documents_); }

 private:
  struct Container {
    bool is_mapping = false;
    bool has_key = false;  // Of a mapping: the last member waits for its value.
    JsonPlace place = {};
    JsonValue::Array elements;
    JsonValue::Object members;
    std::set<std::string> keys;
  };

  bool WantsKey() const { return !open_.empty() && open_.back().is_mapping && !open_.back().has_key; }

  absl::Status TakeKey(YamlEvent& event) {
    if (event.plain && event.text == "<<") return YamlError(event.line, "merge keys are not read");
    Container& mapping = open_.back();
    if (!mapping.keys.insert(event.text).second) {
      return YamlError(event.line, Concat("the key \"", ShownYaml(event.text), "\" is there twice"));
    }
    mapping.members.push_back({std::move(event.text), nullptr, PlaceOf(event)});
    mapping.has_key = true;
    return absl::OkStatus();
  }

  absl::Status Add(JsonValue value, const JsonPlace& place) {
    value.place = place;
    if (++values_ > limits_.values) return YamlError(place.line, Concat("more than ", limits_.values, " values"));
    if (open_.empty()) {
      if (!std::holds_alternative<std::nullptr_t>(value.data)) documents_.push_back(std::move(value));
      return absl::OkStatus();
    }
    Container& container = open_.back();
    if (container.is_mapping) {
      container.members.back().value = std::move(value);
      container.has_key = false;
    } else {
      container.elements.push_back(std::move(value));
    }
    return absl::OkStatus();
  }

  const JsonLimits& limits_;
  std::vector<Container> open_;
  std::vector<JsonValue> documents_;
  size_t values_ = 0;
};

}  // namespace

absl::StatusOr<std::vector<JsonValue>> ParseYaml(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes) {
    return absl::InvalidArgumentError(Concat("larger than ", limits.bytes, " bytes, the most that is read"));
  }
  YamlParser parser(text);
  Builder builder(limits);
  while (true) {
    SYSCARVE_ASSIGN_OR_RETURN(YamlEvent event, parser.Next());
    if (event.kind == YamlEventKind::kStreamEnd) break;
    SYSCARVE_RETURN_IF_ERROR(builder.Take(std::move(event)));
  }
  return std::move(builder).Documents();
}

}  // namespace syscarve
