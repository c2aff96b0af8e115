// SPDX-License-Identifier: Apache-2.0
// Writes, for `harden`, which lines a verification of containers has proven.
#pragma once

#include <span>

#include "userspace/app/service_profiles.h"
#include "userspace/app/verification.h"
#include "userspace/base/output_file.h"
#include "userspace/base/status.h"

namespace syscarve {

// Whether any service is verified under a line.
bool HaveLines(std::span<const ServiceProfile> profiles);

// Writes hardening-proofs.json beside each hardening.json from which `profiles` have their lines: adds the services
// that passed, removes those with a problem, and keeps all others.
absl::Status KeepLineProofs(std::span<const ServiceProfile> profiles, const Verification& result,
                            const WriteOptions& options);

}  // namespace syscarve
