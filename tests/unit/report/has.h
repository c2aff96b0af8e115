// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace syscarve {

// Whether a report has these words.
inline bool Has(std::string_view text, std::string_view words) {
  return text.find(words) != std::string_view::npos;
}

}  // namespace syscarve
