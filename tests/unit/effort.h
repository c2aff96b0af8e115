// SPDX-License-Identifier: Apache-2.0
// How many of a test's generated inputs are tried.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SYSCARVE_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define SYSCARVE_SANITIZED 1
#endif

namespace syscarve {

// Under the sanitizers an input takes ten times as long, and the mistakes that they find do not need many: `sanitized` of them are tried
// there, and `all` in the other builds.
template <typename Number>
constexpr Number InputsToTry(Number all, [[maybe_unused]] Number sanitized) {
#if defined(SYSCARVE_SANITIZED)
  return sanitized;
#else
  return all;
#endif
}

}  // namespace syscarve
