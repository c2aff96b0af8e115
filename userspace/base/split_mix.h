// SPDX-License-Identifier: Apache-2.0
// splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014): a sequence that is the
// same on every machine for a given seed. Pseudorandom numbers for statistics and tests, not for security.
#pragma once

#include <cstdint>

namespace syscarve {

class SplitMix64 {
 public:
  explicit SplitMix64(uint64_t seed) : state_(seed) {}

  uint64_t Next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  uint64_t state_;
};

}  // namespace syscarve
