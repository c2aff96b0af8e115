// SPDX-License-Identifier: Apache-2.0
// Conditions of rules in the two languages that write them as expressions.
#pragma once

#include <string>
#include <vector>

#include "userspace/model/profile.h"

namespace syscarve {

// "0x2".
std::string HexText(uint64_t value);

// minijail0(5): atoms that must hold together. Its "&" asks for any bit of a mask and its "in" for none but those of a
// mask, so that (arg & mask) == value takes one atom for the bits that must be clear and one for each that must be set.
std::string MinijailConditions(const std::vector<ArgumentCondition>& conditions);

// kafel: "arg0 == 0x2 && (arg1 & 0xff) == 0x3".
std::string KafelConditions(const std::vector<ArgumentCondition>& conditions);

}  // namespace syscarve
