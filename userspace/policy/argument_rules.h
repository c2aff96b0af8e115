// SPDX-License-Identifier: Apache-2.0
// Narrows calls to the arguments that were seen (profiles/rules/recorded-arguments.json). Part of the third step of
// Generate.
#pragma once

#include "userspace/base/status.h"
#include "userspace/policy/evidence.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"

namespace syscarve {

// Narrows calls of `draft` by options.arguments to the arguments that were seen, without those in
// draft.not_needed_arguments. A call is left unchanged if it was requested, if its arguments are unknown in some
// sighting, if its arguments are different ones on some ABI of the profile, or if another seen call does the same by
// arguments in memory. An allowed call that does the same by arguments in memory and is not needed is removed, and gets
// ENOSYS. Does nothing without options.conditions.
absl::Status NarrowByArguments(const Evidence& evidence, const GenerateOptions& options, ProfileDraft& draft);

// OK if `profile` allows the calls that NarrowByArguments narrowed for all arguments that were seen, whatever the
// values of bits that the kernel does not read. kInternal otherwise.
absl::Status VerifySeenArguments(const Profile& profile, const Evidence& evidence, const ProfileDraft& draft);

}  // namespace syscarve
