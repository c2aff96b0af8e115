// SPDX-License-Identifier: Apache-2.0
// Conditions of rules as expressions, in the languages of minijail and kafel.
#pragma once

#include <string>
#include <vector>

#include "userspace/model/profile.h"

namespace syscarve {

// "0x2".
std::string HexText(uint64_t value);

// minijail0(5): atoms that must all hold. "&" holds if any bit of a mask is set, "in" if no bit outside a mask is set;
// so (arg & mask) == value becomes one atom for all bits that must be clear, and one for each bit that must be set.
std::string MinijailConditions(const std::vector<ArgumentCondition>& conditions);

// kafel: "arg0 == 0x2 && (arg1 & 0xff) == 0x3".
std::string KafelConditions(const std::vector<ArgumentCondition>& conditions);

}  // namespace syscarve
