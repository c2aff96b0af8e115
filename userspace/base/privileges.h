// SPDX-License-Identifier: Apache-2.0
// Giving up privileges that are not needed any more, before reading what an adversary writes.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "userspace/base/status.h"

namespace syscarve {

// For the calling thread, and what it makes from now on: of all capability sets (effective, permitted, inheritable,
// ambient and, where that may be, bounding) only `keep` is left of what was held, and no_new_privs is set, so that
// nothing is won back by executing a file. There is no way back. Threads and children that exist already keep theirs.
absl::Status KeepOnlyCapabilities(std::initializer_list<int> keep);

}  // namespace syscarve
