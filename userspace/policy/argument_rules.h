// SPDX-License-Identifier: Apache-2.0
// Calls that are allowed for some arguments only, by what was seen (profiles/rules/recorded-arguments.json). Part of
// the third step of Generate.
#pragma once

#include "userspace/base/status.h"
#include "userspace/policy/evidence.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"

namespace syscarve {

// Narrows calls of `draft` by options.arguments, to what was seen but for draft.not_needed_arguments. A call is left as
// it is when it was asked for, when its arguments are not known wherever it was seen, when they are other ones on some
// ABI of the profile, or when a call that was seen does the same by arguments in memory. An allowed call that does so
// and need not is taken out, and is then answered with ENOSYS. Without options.conditions nothing happens.
absl::Status NarrowByArguments(const Evidence& evidence, const GenerateOptions& options, ProfileDraft& draft);

// OK when `profile` allows the calls that NarrowByArguments narrowed with all arguments that were seen, whatever the
// bits hold that the kernel does not look at. kInternal otherwise.
absl::Status VerifySeenArguments(const Profile& profile, const Evidence& evidence, const ProfileDraft& draft);

}  // namespace syscarve
