// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/wording.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/model/action_spelling.h"

namespace syscarve {

std::string ActionWords(Action action) {
  const std::string_view words = SpellingOf(action.kind).predicate;
  if (action.kind == ActionKind::kErrno) return Concat(words, " ", ErrnoWords(action.value));
  if (action.kind == ActionKind::kTrace) return Concat(words, " (", action.value, ")");
  return std::string(words);
}

JsonValue::Object ActionJson(Action action) {
  JsonValue::Object object = {{"action", ScmpActionName(action.kind)}};
  if (action.kind == ActionKind::kErrno) object.push_back({"errno", ErrnoWords(action.value)});
  if (action.kind == ActionKind::kTrace) object.push_back({"message", action.value});
  return object;
}

std::string ConditionWords(const ArgumentCondition& condition) {
  const auto compare = [&](const char* op) {
    return absl::StrFormat("arg%d %s 0x%x", condition.index, op, condition.value);
  };
  switch (condition.op) {
    case CompareOp::kNotEqual:
      return compare("!=");
    case CompareOp::kLess:
      return compare("<");
    case CompareOp::kLessOrEqual:
      return compare("<=");
    case CompareOp::kEqual:
      return compare("==");
    case CompareOp::kGreaterOrEqual:
      return compare(">=");
    case CompareOp::kGreater:
      return compare(">");
    case CompareOp::kMaskedEqual:
      return absl::StrFormat("arg%d & 0x%x == 0x%x", condition.index, condition.value, condition.value_two);
  }
  return compare("==");
}

std::string Seconds(uint64_t nanos) {
  return absl::StrFormat("%d.%03d s", nanos / 1'000'000'000, nanos / 1'000'000 % 1000);
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : EscapeForTerminal(text)) {
    if (c == '"') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string WrapWords(const std::string& indent, const std::vector<std::string>& words) {
  constexpr size_t kWrapWidth = 118;
  std::string text;
  std::string line = indent;
  for (const std::string& word : words) {
    if (line.size() > indent.size() && line.size() + 1 + word.size() > kWrapWidth) {
      text += line + "\n";
      line = indent;
    }
    if (line.size() > indent.size()) line += ' ';
    line += word;
  }
  return text + line + "\n";
}

std::string Indented(std::string_view lines, std::string_view indent) {
  std::string text;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size() - 1) + 1;
    text += Concat(indent, lines.substr(0, end));
    lines.remove_prefix(end);
  }
  return text;
}

}  // namespace syscarve
