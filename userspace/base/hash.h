// SPDX-License-Identifier: Apache-2.0
// FNV-1a, of 64 bits (draft-eastlake-fnv): the same on every machine, and no protection against anybody who looks for
// two texts with one hash.
#pragma once

#include <cstdint>
#include <string_view>

namespace syscarve {

inline constexpr uint64_t kFnvBasis = 0xcbf29ce484222325;
inline constexpr uint64_t kFnvPrime = 0x100000001b3;

// Of `text` behind what gave `hash`.
inline uint64_t Fnv1a(std::string_view text, uint64_t hash = kFnvBasis) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * kFnvPrime;
  return hash;
}

}  // namespace syscarve
