// SPDX-License-Identifier: Apache-2.0
#include "userspace/emit/unit_text.h"

#include <algorithm>

#include "userspace/base/concat.h"
#include "userspace/emit/harden_words.h"

namespace syscarve {
namespace {

// Whether systemd reads the character literally: no blank, because some settings are lists or words of other settings,
// and nothing that quotes or escapes.
bool IsPlainInUnit(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte > ' ' && byte < 0x7f && c != '"' && c != '\'' && c != '\\' && c != '$' && c != ';' && c != '#';
}

}  // namespace

void UnitText::Section(std::string_view name) {
  text_ += Concat(text_.empty() ? "" : "\n", "[", name, "]\n");
}

void UnitText::Set(std::string_view key, std::string_view value, SettingKind from) {
  if (!std::ranges::all_of(value, IsPlainInUnit)) {
    if (status_.ok()) status_ = Inexpressible(target_, "text", value, from);
    return;
  }
  text_ += Concat(key, "=");
  for (const char c : value) {
    text_ += c;
    if (c == '%') text_ += c;  // A single "%" begins a specifier.
  }
  text_ += '\n';
}

void UnitText::SetPercent(std::string_view key, uint64_t percent) {
  text_ += Concat(key, "=", percent, "%\n");
}

}  // namespace syscarve
