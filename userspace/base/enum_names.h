// SPDX-License-Identifier: Apache-2.0
// Enumerations whose words are an array, or a member of an array's elements, in the order of the enumerators.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>

namespace syscarve {

// The enumerator that `names` has this word for, itself or as `word` of its element.
template <typename Enum, typename Element, size_t count, typename Word = std::identity>
std::optional<Enum> EnumFromName(const Element (&names)[count], std::string_view name, Word word = {}) {
  const auto* const found = std::ranges::find(names, name, word);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Enum>(found - std::begin(names));
}

}  // namespace syscarve
