// SPDX-License-Identifier: Apache-2.0
// The text of a systemd unit file (systemd.syntax(7)), whose values may be untrusted.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "userspace/base/status.h"
#include "userspace/harden/plan.h"

namespace syscarve {

// Writes lines "KEY=VALUE". A value that systemd might not read literally is not written; then status() is an error
// with the setting that the value comes from.
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
