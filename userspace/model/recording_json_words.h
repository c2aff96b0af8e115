// SPDX-License-Identifier: Apache-2.0
// What the writer and the reader of a recording's file have in common, and nobody else.
#pragma once

#include <string_view>

namespace syscarve::recording_json {

// How a denial with an errno of 0 is told apart from being killed.
inline constexpr std::string_view kTrapped = "trapped";
inline constexpr std::string_view kAnswered = "answered";

// What the kernel answered in the call whose result is told.
inline constexpr std::string_view kGranted = "granted";
inline constexpr std::string_view kDenied = "denied";

// Whether the numbers of an entry stand in it, or apart from it: in the dense form.
enum class Numbers { kInside, kApart };

}  // namespace syscarve::recording_json
