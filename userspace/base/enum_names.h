// SPDX-License-Identifier: Apache-2.0
// Enumerations with an array of names, or of elements with a name, in the order of the enumerators.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <optional>
#include <string_view>

namespace syscarve {

// The enumerator for `name`: the index of the element of `names` that equals it, or that has it as its `word`.
template <typename Enum, typename Element, size_t count, typename Word = std::identity>
std::optional<Enum> EnumFromName(const Element (&names)[count], std::string_view name, Word word = {}) {
  const auto* const found = std::ranges::find(names, name, word);
  if (found == std::end(names)) return std::nullopt;
  return static_cast<Enum>(found - std::begin(names));
}

}  // namespace syscarve
