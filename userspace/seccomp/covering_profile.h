// SPDX-License-Identifier: Apache-2.0
// The part of decompile.h for profiles that are no tighter than a meaning.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/seccomp/decompile.h"
#include "userspace/seccomp/meaning.h"

namespace syscarve {

// Decompile (decompile.h) with Bound::kAtLeast. The warnings list the calls for which the profile is looser.
absl::StatusOr<DecompiledProfile> DecompileAtLeast(const Meaning& meaning, std::string_view what);

}  // namespace syscarve
