// SPDX-License-Identifier: Apache-2.0
// Actions and profiles common to many tests.
#pragma once

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/profile.h"

namespace syscarve {

inline constexpr Action kEnosys{ActionKind::kErrno, ENOSYS};
inline constexpr Action kEperm{ActionKind::kErrno, EPERM};

// A profile that allows everything, except that the call gets `action` under `conditions`.
inline Profile AllBut(std::string name, Action action = kEperm, std::vector<ArgumentCondition> conditions = {}) {
  Profile profile;
  profile.default_action = {ActionKind::kAllow, 0};
  profile.abis = {NativeAbi()};
  Rule& rule = profile.rules.emplace_back();
  rule.names = {std::move(name)};
  rule.action = action;
  rule.conditions = std::move(conditions);
  return profile;
}

}  // namespace syscarve
