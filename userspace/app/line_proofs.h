// SPDX-License-Identifier: Apache-2.0
// What a verification of containers proves of the lines that they were created under, kept for `harden`.
#pragma once

#include <span>

#include "userspace/app/service_profiles.h"
#include "userspace/app/verification.h"
#include "userspace/base/output_file.h"
#include "userspace/base/status.h"

namespace syscarve {

// Whether any service is verified under a line.
bool HaveLines(std::span<const ServiceProfile> profiles);

// Writes hardening-proofs.json beside each hardening.json that `profiles` have their lines from: with the services that
// passed, without those that something was found against, and with all others as they were.
absl::Status KeepLineProofs(std::span<const ServiceProfile> profiles, const Verification& result,
                            const WriteOptions& options);

}  // namespace syscarve
