// What `generate` tells people about the profile it made.
#pragma once

#include <cstddef>
#include <string>

#include "userspace/policy/generate.h"

namespace syscarve {

// How many of the native ABI's calls a profile leaves, of how many that the table has.
struct Reach {
  size_t allowed = 0;
  size_t kernel = 0;
};
Reach NativeReach(const GeneratedProfile& made);

// A few lines for a terminal, each with a newline, safe to print. Warnings are not among them.
std::string GenerateSummary(const GeneratedProfile& made);

}  // namespace syscarve
