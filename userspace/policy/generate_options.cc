// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate_options.h"

namespace syscarve {

std::optional<ClosureMode> ClosureModeFromName(std::string_view name) {
  if (name == "none") return ClosureMode::kNone;
  if (name == "safe") return ClosureMode::kSafe;
  if (name == "steady") return ClosureMode::kSteady;
  if (name == "portable") return ClosureMode::kPortable;
  return std::nullopt;
}

std::string_view ClosureModeName(ClosureMode mode) {
  switch (mode) {
    case ClosureMode::kNone:
      return "none";
    case ClosureMode::kSafe:
      return "safe";
    case ClosureMode::kSteady:
      return "steady";
    case ClosureMode::kPortable:
      return "portable";
  }
  return "";
}

std::optional<UnlistedMode> UnlistedModeFromName(std::string_view name) {
  if (name == "enosys") return UnlistedMode::kEnosys;
  if (name == "eperm") return UnlistedMode::kEperm;
  if (name == "kill") return UnlistedMode::kKill;
  if (name == "log") return UnlistedMode::kLog;
  return std::nullopt;
}

}  // namespace syscarve
