// SPDX-License-Identifier: Apache-2.0
// How far a word that somebody typed is from one that was meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace syscarve {

// The least number of characters to put in, take out or replace that makes `a` of `b`. Time and memory grow with the
// product of the lengths: the caller bounds them.
size_t EditDistance(std::string_view a, std::string_view b);

// The first of `candidates` at the least distance from `word`, or "" when none is at most `most` away.
std::string_view NearestWord(std::string_view word, std::span<const std::string> candidates, size_t most);

}  // namespace syscarve
