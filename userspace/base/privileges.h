// SPDX-License-Identifier: Apache-2.0
// Gives up privileges that are not needed any more, before untrusted data are read.
#pragma once

#include <cstdint>
#include <initializer_list>

#include "userspace/base/status.h"

namespace syscarve {

// For the calling thread, and the threads and processes that it creates from now on: reduces the permitted and
// effective capabilities to those of `keep` that are permitted, empties the inheritable and ambient sets, removes all
// others from the bounding set if allowed, and sets no_new_privs, so that no execve grants any again. Irreversible.
// Does not affect existing threads and children.
absl::Status KeepOnlyCapabilities(std::initializer_list<int> keep);

}  // namespace syscarve
