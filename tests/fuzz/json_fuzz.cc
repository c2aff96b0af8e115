// SPDX-License-Identifier: Apache-2.0
// Our JSON parser and nlohmann/json take the same texts and read the same from them, and a text in pieces is the same
// text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/support/json_agreement.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!syscarve::JsonDisagreement(text).empty()) std::abort();
  syscarve::JsonParser whole(text);
  std::string_view rest = text;
  std::string piece;
  syscarve::JsonParser pieces([&]() -> absl::StatusOr<std::string_view> {
    piece = std::string(rest.substr(0, 1 + size % 7));
    rest.remove_prefix(piece.size());
    return piece;
  });
  syscarve::JsonEvent a;
  syscarve::JsonEvent b;
  do {
    const absl::Status first = whole.Next(a);
    if (first != pieces.Next(b)) std::abort();
    if (!first.ok()) return 0;
    if (a.kind != b.kind || a.place != b.place) std::abort();
  } while (a.kind != syscarve::JsonEventKind::kEnd);
  return 0;
}
