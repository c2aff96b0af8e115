// SPDX-License-Identifier: Apache-2.0
// FNV-1a with 64 bits (draft-eastlake-fnv): the same on every machine, and not collision-resistant.
#pragma once

#include <cstdint>
#include <string_view>

namespace syscarve {

inline constexpr uint64_t kFnvBasis = 0xcbf29ce484222325;
inline constexpr uint64_t kFnvPrime = 0x100000001b3;

// The hash of `text` appended to the text with hash `hash`.
inline uint64_t Fnv1a(std::string_view text, uint64_t hash = kFnvBasis) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

}  // namespace syscarve
