// SPDX-License-Identifier: Apache-2.0
// The escapes of base/escape.h: percent-encoding is lossless both ways and makes valid UTF-8, and nothing that a
// terminal acts on comes out of any of them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "userspace/base/escape.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

bool HasControlCharacter(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);

  const std::string encoded = syscarve::EncodePercent(bytes);
  Require(syscarve::DecodePercent(encoded) == bytes);
  if (const auto decoded = syscarve::DecodePercent(bytes)) Require(syscarve::EncodePercent(*decoded) == bytes);

  const std::string shown = syscarve::EscapeForTerminal(bytes);
  Require(!HasControlCharacter(shown));
  // The replacement character would mean that the encoding was not valid UTF-8, unless the input has one itself.
  const std::string quoted = syscarve::QuoteForJson(encoded);
  Require(!HasControlCharacter(quoted));
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";
  Require(bytes.find(kReplacement) != std::string_view::npos || quoted.find(kReplacement) == std::string_view::npos);
  return 0;
}
