// SPDX-License-Identifier: Apache-2.0
// How many of a test's generated inputs are tried.
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

// Under the sanitizers, where tests are not optimised either, an input takes some twenty times as long, and the
// mistakes that they find do not need many: `sanitized` of them are tried there, and `all` in the other builds.
template <typename Number>
constexpr Number InputsToTry(Number all, Number sanitized) {
  return kSanitized ? sanitized : all;
}

}  // namespace syscarve
