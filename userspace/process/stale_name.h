// SPDX-License-Identifier: Apache-2.0
// Everything that a recorder makes for its own time has its pid in its name, so that what a killed one left is known.
#pragma once

#include <string_view>

namespace syscarve {

// Whether `name` is "<prefix><pid>.<anything>", and no process has that pid.
bool IsOfTheDead(std::string_view name, std::string_view prefix);

}  // namespace syscarve
