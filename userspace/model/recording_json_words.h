// SPDX-License-Identifier: Apache-2.0
// Shared by the writer and the reader of a recording's file only.
#pragma once

#include <string_view>

namespace syscarve::recording_json {

// Distinguishes denials with an errno of 0 from being killed.
inline constexpr std::string_view kTrapped = "trapped";
inline constexpr std::string_view kAnswered = "answered";

// The result of the capability check during the call whose result is recorded.
inline constexpr std::string_view kGranted = "granted";
inline constexpr std::string_view kDenied = "denied";

// Whether an entry contains its numbers, or they are stored apart from it, as in the dense form.
enum class Numbers { kInside, kApart };

}  // namespace syscarve::recording_json
