// SPDX-License-Identifier: Apache-2.0
// Everything temporary that a recorder creates has its pid in its name, so that leftovers of killed recorders are
// recognised.
#pragma once

#include <string_view>

namespace syscarve {

// Whether `name` is "<prefix><pid>.<anything>", and no process has that pid.
bool IsOfTheDead(std::string_view name, std::string_view prefix);

}  // namespace syscarve
