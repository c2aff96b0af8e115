// SPDX-License-Identifier: Apache-2.0
// The refusals that most tests of profiles are about.
#pragma once

#include <cerrno>

#include "userspace/model/profile.h"

namespace syscarve {

inline constexpr Action kEnosys{ActionKind::kErrno, ENOSYS};
inline constexpr Action kEperm{ActionKind::kErrno, EPERM};

}  // namespace syscarve
