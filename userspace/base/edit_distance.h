// SPDX-License-Identifier: Apache-2.0
// The distance of a mistyped word from an intended one.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace syscarve {

// The least number of insertions, deletions and replacements of a character that turns `a` into `b`. Time and memory
// grow with the product of the lengths: the caller must limit them.
size_t EditDistance(std::string_view a, std::string_view b);

// The first of `candidates` at the least distance from `word`, or "" if none is within `most`.
std::string_view NearestWord(std::string_view word, std::span<const std::string> candidates, size_t most);

}  // namespace syscarve
