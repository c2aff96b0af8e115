// SPDX-License-Identifier: Apache-2.0
// Sums of counts that may be chosen by an adversary.
#pragma once

#include <cstdint>

namespace syscarve {

// Adds `more` to `sum`, which saturates at UINT64_MAX.
inline void AddSaturating(uint64_t more, uint64_t& sum) {
  if (__builtin_add_overflow(sum, more, &sum)) sum = UINT64_MAX;
}

inline uint64_t SumSaturating(uint64_t more, uint64_t sum) {
  AddSaturating(more, sum);
  return sum;
}

}  // namespace syscarve
