// SPDX-License-Identifier: Apache-2.0
// What the filters of a process decide, for people.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "userspace/seccomp/decompile.h"

namespace syscarve {

// A table per ABI, or one for several that agree by name: the default, and the calls by what they meet, conditions in
// words. `instructions` has each filter's length, the most recently installed first. Safe to print; lines end in
// newlines.
std::string InspectText(const std::string& subject, std::span<const size_t> instructions,
                        const std::vector<AbiSummary>& abis);

}  // namespace syscarve
