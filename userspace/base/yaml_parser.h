// SPDX-License-Identifier: Apache-2.0
// YAML text as a stream of events, read by libyaml. The meaning of the events, and their number, are for the caller to
// check.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "userspace/base/status.h"

namespace syscarve {

enum class YamlEventKind {
  kScalar,
  kAlias,
  kSequenceStart,
  kSequenceEnd,
  kMappingStart,
  kMappingEnd,
  kDocumentStart,
  kStreamEnd,
  kOther,  // Without data.
};

struct YamlEvent {
  YamlEventKind kind = YamlEventKind::kOther;
  size_t line = 0;     // From 1.
  size_t column = 0;   // From 1, in code points.
  std::string text;    // A scalar's value, or the anchor named by an alias. UTF-8.
  bool plain = false;  // A scalar without quotes.
  std::string anchor;  // "" for none.
  std::string tag;     // "" for none.
};

class YamlParser {
 public:
  explicit YamlParser(std::string_view text);  // `text` must outlive the parser.
  ~YamlParser();
  YamlParser(const YamlParser&) = delete;
  YamlParser& operator=(const YamlParser&) = delete;

  // The next event; must not be called after kStreamEnd or an error. kInvalidArgument, with the line, if the text is
  // not YAML.
  absl::StatusOr<YamlEvent> Next();

 private:
  struct State;
  std::unique_ptr<State> state_;  // nullptr if there was no memory for it.
};

// "line 3: <message>", kInvalidArgument.
absl::Status YamlError(size_t line, std::string_view message);

// The beginning of `text`, escaped, for an error message.
std::string ShownYaml(std::string_view text);

}  // namespace syscarve
