// SPDX-License-Identifier: Apache-2.0
// Text of a unit file of systemd (systemd.syntax(7)), whose values may be an adversary's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/harden/plan.h"

namespace syscarve {

// Lines "KEY=VALUE". A value that a unit might read as anything but itself is not written: what is wrong is told by
// status(), with the setting that it came from.
class UnitText {
 public:
  explicit UnitText(std::string_view target) : target_(target) {}

  void Section(std::string_view name);
  void Set(std::string_view key, std::string_view value, SettingKind from);
  void SetPercent(std::string_view key, uint64_t percent);
  const std::string& text() const { return text_; }
  const absl::Status& status() const { return status_; }

 private:
  std::string target_;
  std::string text_;
  absl::Status status_;
};

}  // namespace syscarve
