// SPDX-License-Identifier: Apache-2.0
// The number of generated inputs that a test tries.
#pragma once

namespace syscarve {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif
#else
inline constexpr bool kSanitized = false;
#endif

// `sanitized` in builds with a sanitizer, otherwise `all`. With sanitizers, and without optimisation, an input takes
// some twenty times as long, and the defects that sanitizers find need few inputs.
template <typename Number>
constexpr Number InputsToTry(Number all, Number sanitized) {
  return kSanitized ? sanitized : all;
}

}  // namespace syscarve
