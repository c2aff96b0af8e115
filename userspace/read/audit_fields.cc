// SPDX-License-Identifier: Apache-2.0
#include "userspace/read/audit_fields.h"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "userspace/base/text.h"

namespace syscarve {

std::string_view AuditField(std::string_view line, std::string_view key) {
  constexpr std::string_view kSeparators = " \x1d";
  while (!line.empty()) {
    line.remove_prefix(std::min(line.find_first_not_of(kSeparators), line.size()));
    size_t end = std::min(line.find_first_of(kSeparators), line.size());
    const size_t equals = line.substr(0, end).find('=');
    if (equals != std::string_view::npos && line.substr(equals + 1).starts_with('"')) {
      const size_t quote = line.find('"', equals + 2);
      end = quote == std::string_view::npos ? line.size() : quote + 1;
    }
    if (equals != std::string_view::npos) {
      std::string_view name = line.substr(0, equals);
      if (name.size() >= 2 && name.front() == '"' && name.back() == '"') name = name.substr(1, name.size() - 2);
      if (name == key) return line.substr(equals + 1, end - equals - 1);
    }
    line.remove_prefix(end);
  }
  return {};
}

std::string AuditText(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    return std::string(value.substr(1, value.size() - 2));
  if (value.empty() || value == "(null)" || value.front() == '/') return std::string(value == "(null)" ? "" : value);
  if (value.size() % 2 != 0) return {};
  std::string text;
  for (size_t i = 0; i < value.size(); i += 2) {
    const auto byte = ParseNumber<uint8_t>(value.substr(i, 2), 16);
    if (!byte.has_value()) return {};
    text += static_cast<char>(*byte);
  }
  return text;
}

}  // namespace syscarve
