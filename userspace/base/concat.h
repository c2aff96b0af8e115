// SPDX-License-Identifier: Apache-2.0
// Building messages from parts. absl::StrCat cannot take std::string_view where abseil was built with a string_view of
// its own, as Debian's is.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

namespace syscarve {

// Concat("abc", std::string_view("def"), 7) is "abcdef7". Parts are strings of any kind and integers.
template <typename... Parts>
std::string Concat(const Parts&... parts) {
  std::string result;
  const auto append = [&result](const auto& part) {
    using Part = std::decay_t<decltype(part)>;
    if constexpr (std::is_integral_v<Part>) {
      result += std::to_string(part);
    } else if constexpr (std::is_convertible_v<const Part&, std::string_view>) {
      result += std::string_view(part);
    } else {
      result.append(part.data(), part.size());
    }
  };
  (append(parts), ...);
  return result;
}

}  // namespace syscarve
