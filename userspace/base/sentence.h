// SPDX-License-Identifier: Apache-2.0
// Pieces of sentences.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "userspace/base/concat.h"

namespace syscarve {

// "1 time", "23 times".
inline std::string Times(uint64_t count) {
  return Concat(count, count == 1 ? " time" : " times");
}

// "a", "a and b", "a, b and c"; for a container of strings or integers with [] and size().
template <typename Items>
std::string Enumerated(const Items& items) {
  std::string list;
  for (size_t i = 0; i < items.size(); ++i) {
    list += Concat(i == 0 ? "" : i + 1 == items.size() ? " and " : ", ", items[i]);
  }
  return list;
}

}  // namespace syscarve
