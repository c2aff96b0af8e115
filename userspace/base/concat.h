// SPDX-License-Identifier: Apache-2.0
// Concatenates the parts of a message. absl::StrCat does not accept std::string_view if abseil was built with its own
// string_view, as in Debian.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>

namespace syscarve {

// Concat("abc", std::string_view("def"), 7) returns "abcdef7". Parts are strings of any kind and integers.
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
