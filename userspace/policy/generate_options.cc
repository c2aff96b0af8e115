// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/generate_options.h"

#include <utility>

namespace syscarve {
namespace {

constexpr std::pair<ClosureMode, std::string_view> kClosureModes[] = {{ClosureMode::kNone, "none"},
                                                                      {ClosureMode::kSafe, "safe"},
                                                                      {ClosureMode::kSteady, "steady"},
                                                                      {ClosureMode::kPortable, "portable"}};

}  // namespace

std::optional<ClosureMode> ClosureModeFromName(std::string_view name) {
  for (const auto& [mode, its_name] : kClosureModes) {
    if (its_name == name) return mode;
  }
  return std::nullopt;
}

std::string_view ClosureModeName(ClosureMode mode) {
  for (const auto& [one, name] : kClosureModes) {
    if (one == mode) return name;
  }
  return "";
}

std::optional<ArgumentMode> ArgumentModeFromName(std::string_view name) {
  if (name == "off") return ArgumentMode::kOff;
  if (name == "safe") return ArgumentMode::kSafe;
  if (name == "all") return ArgumentMode::kAll;
  return std::nullopt;
}

std::string_view ArgumentModeName(ArgumentMode mode) {
  switch (mode) {
    case ArgumentMode::kOff:
      return "off";
    case ArgumentMode::kSafe:
      return "safe";
    case ArgumentMode::kAll:
      return "all";
  }
  return "off";
}

std::optional<UnlistedMode> UnlistedModeFromName(std::string_view name) {
  if (name == "enosys") return UnlistedMode::kEnosys;
  if (name == "eperm") return UnlistedMode::kEperm;
  if (name == "kill") return UnlistedMode::kKill;
  if (name == "log") return UnlistedMode::kLog;
  return std::nullopt;
}

}  // namespace syscarve
