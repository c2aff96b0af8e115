// SPDX-License-Identifier: Apache-2.0
// Texts that the targets of `harden` share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/status.h"
#include "userspace/harden/plan.h"

namespace syscarve {

// "1.5" of 1500, "0.25" of 250.
inline std::string MilliText(uint64_t milli) {
  std::string text = absl::StrFormat("%d.%03d", milli / 1000, milli % 1000);
  while (text.ends_with('0')) text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text;
}

// An error about a value that the target's syntax cannot express.
inline absl::Status Inexpressible(std::string_view target, std::string_view what, std::string_view bytes,
                                  SettingKind setting) {
  return WithHint(
      absl::InvalidArgumentError(Concat(target, " cannot express the ", what, " ", EscapeForTerminal(bytes))),
      Concat("Leave the setting out: --leave-out ", SettingKindName(setting), "."));
}

// A warning about a setting of the plan that the target does not support.
inline std::string NoSetting(std::string_view target, std::string_view what) {
  return Concat(target, " cannot express ", what, " here: it is left out");
}

// The first image that was recorded, or `otherwise`.
inline std::string ImageOf(const HardeningPlan& plan, std::string_view otherwise) {
  return plan.facts.images.empty() ? std::string(otherwise) : *plan.facts.images.begin();
}

// `user` and `group` of "user:group".
inline std::string UserPart(const std::string& user) {
  return user.substr(0, user.find(':'));
}
inline std::string GroupPart(const std::string& user) {
  const size_t colon = user.find(':');
  return colon == std::string_view::npos ? std::string() : user.substr(colon + 1);
}

}  // namespace syscarve
