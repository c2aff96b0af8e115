// SPDX-License-Identifier: Apache-2.0
// How much a finding about an image matters, in the terms that image scanners share.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace syscarve {

// In ascending order.
enum class Severity { kNote, kLow, kMedium, kHigh, kCritical };

inline constexpr std::array<std::string_view, 5> kSeverityNames = {"note", "low", "medium", "high", "critical"};

inline std::string_view SeverityName(Severity severity) {
  return kSeverityNames[static_cast<size_t>(severity)];
}

inline std::optional<Severity> SeverityFromName(std::string_view name) {
  for (size_t i = 0; i < kSeverityNames.size(); ++i) {
    if (kSeverityNames[i] == name) return static_cast<Severity>(i);
  }
  return std::nullopt;
}

}  // namespace syscarve
