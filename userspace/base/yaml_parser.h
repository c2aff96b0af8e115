// SPDX-License-Identifier: Apache-2.0
// YAML text as a stream of events, read by libyaml. What the events may mean, and how many of them are too many, is the
// caller's business.
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
  kOther,  // Carries nothing.
};

struct YamlEvent {
  YamlEventKind kind = YamlEventKind::kOther;
  size_t line = 0;     // From 1.
  size_t column = 0;   // From 1, in code points.
  std::string text;    // Of a scalar, the value; of an alias, the anchor it names. UTF-8.
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

  // The next event; not to be called again after kStreamEnd or an error. kInvalidArgument, with the line, for what is
  // not YAML.
  absl::StatusOr<YamlEvent> Next();

 private:
  struct State;
  std::unique_ptr<State> state_;  // Null when there was no memory for it.
};

// "line 3: <message>", kInvalidArgument.
absl::Status YamlError(size_t line, std::string_view message);

// The beginning of `text`, escaped, to be shown in an error.
std::string ShownYaml(std::string_view text);

}  // namespace syscarve
