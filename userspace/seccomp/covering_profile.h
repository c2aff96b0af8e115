// SPDX-License-Identifier: Apache-2.0
// The half of decompile.h for profiles that let through no less than is meant.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/seccomp/meaning.h"

namespace syscarve {

// Decompile (decompile.h) with Bound::kAtLeast. The warnings name the calls that are widened.
absl::StatusOr<DecompiledProfile> DecompileAtLeast(const Meaning& meaning, std::string_view what);

}  // namespace syscarve
