// SPDX-License-Identifier: Apache-2.0
#include "userspace/base/yaml_parser.h"

#include <yaml.h>

#include "userspace/base/concat.h"
#include "userspace/base/escape.h"

namespace syscarve {
namespace {

constexpr size_t kMaxShown = 64;

struct Event {
  yaml_event_t event = {};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event); }
};

std::string Text(const yaml_char_t* text) {
  return text != nullptr ? std::string(reinterpret_cast<const char*>(text)) : std::string();
}

}  // namespace

struct YamlParser::State {
  yaml_parser_t parser;
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { yaml_parser_delete(&parser); }
};

YamlParser::YamlParser(std::string_view text) {
  auto state = std::make_unique<State>();
  // Deleting the parser is valid even after a failure: it is zeroed then.
  if (yaml_parser_initialize(&state->parser) != 1) return;
  yaml_parser_set_input_string(&state->parser, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  state_ = std::move(state);
}

YamlParser::~YamlParser() = default;

absl::StatusOr<YamlEvent> YamlParser::Next() {
  if (state_ == nullptr) return absl::FailedPreconditionError("no memory for a YAML parser");
  Event read;
  if (yaml_parser_parse(&state_->parser, &read.event) != 1) {
    const std::string_view problem = state_->parser.problem != nullptr ? state_->parser.problem : "not YAML";
    return YamlError(state_->parser.problem_mark.line + 1, ShownYaml(problem));
  }
  YamlEvent event = {.line = read.event.start_mark.line + 1, .column = read.event.start_mark.column + 1};
  switch (read.event.type) {
    case YAML_SCALAR_EVENT: {
      const auto& scalar = read.event.data.scalar;
      event.kind = YamlEventKind::kScalar;
      event.text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
      event.plain = scalar.style == YAML_PLAIN_SCALAR_STYLE;
      event.anchor = Text(scalar.anchor);
      event.tag = Text(scalar.tag);
      break;
    }
    case YAML_ALIAS_EVENT:
      event.kind = YamlEventKind::kAlias;
      event.text = Text(read.event.data.alias.anchor);
      break;
    case YAML_SEQUENCE_START_EVENT:
      event.kind = YamlEventKind::kSequenceStart;
      event.anchor = Text(read.event.data.sequence_start.anchor);
      event.tag = Text(read.event.data.sequence_start.tag);
      break;
    case YAML_MAPPING_START_EVENT:
      event.kind = YamlEventKind::kMappingStart;
      event.anchor = Text(read.event.data.mapping_start.anchor);
      event.tag = Text(read.event.data.mapping_start.tag);
      break;
    case YAML_SEQUENCE_END_EVENT:
      event.kind = YamlEventKind::kSequenceEnd;
      break;
    case YAML_MAPPING_END_EVENT:
      event.kind = YamlEventKind::kMappingEnd;
      break;
    case YAML_DOCUMENT_START_EVENT:
      event.kind = YamlEventKind::kDocumentStart;
      break;
    case YAML_STREAM_END_EVENT:
      event.kind = YamlEventKind::kStreamEnd;
      break;
    default:
      break;
  }
  return event;
}

absl::Status YamlError(size_t line, std::string_view message) {
  return absl::InvalidArgumentError(Concat("line ", line, ": ", message));
}

std::string ShownYaml(std::string_view text) {
  return EscapeForTerminal(text.substr(0, kMaxShown));
}

}  // namespace syscarve
