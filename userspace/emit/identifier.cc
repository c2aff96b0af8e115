// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/identifier.h"

namespace syscarve {
namespace {

constexpr size_t kMaxIdentifier = 64;
constexpr size_t kMaxObjectName = 253;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}

}  // namespace

std::string IdentifierOf(std::string_view name, std::string_view suffix) {
  std::string identifier;
  for (const char c : name.substr(0, kMaxIdentifier)) {
    identifier += IsLower(c) || IsUpper(c) || IsDigit(c) ? c : '_';
  }
  if (identifier.empty() || (!IsLower(identifier[0]) && !IsUpper(identifier[0]))) identifier = "p" + identifier;
  return identifier + std::string(suffix);
}

std::string ObjectNameOf(std::string_view name) {
  std::string object;
  for (const char c : name.substr(0, kMaxObjectName)) {
    const char lower = IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = IsLower(lower) || IsDigit(lower);
    // Each part between dots must begin and end with a letter or digit.
    if (!plain && object.empty()) continue;
    if (lower == '.' && !object.empty()) {
      while (object.back() == '-') object.pop_back();
      if (object.back() != '.') object += '.';
    } else if (plain) {
      object += lower;
    } else if (object.back() != '.') {
      object += '-';
    }
  }
  while (!object.empty() && (object.back() == '-' || object.back() == '.')) object.pop_back();
  return object.empty() ? "profile" : object;
}

}  // namespace syscarve
