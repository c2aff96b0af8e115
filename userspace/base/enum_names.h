// SPDX-License-Identifier: Apache-2.0
// Enumerations whose words are an array in the order of the enumerators.
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string_view>

namespace syscarve {

// The enumerator that `names` has this word for.
template <typename Enum, size_t count>
std::optional<Enum> EnumFromName(const std::string_view (&names)[count], std::string_view name) {
  const auto* const found = std::ranges::find(names, name);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Enum>(found - std::begin(names));
}

}  // namespace syscarve
