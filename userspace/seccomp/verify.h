// SPDX-License-Identifier: Apache-2.0
// Proves that a profile has the intended meaning (docs/profile-semantics.md): libseccomp compiles it, and the filter's
// decisions are compared with the intended ones, for every number of every ABI and all arguments.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"

namespace syscarve {

// OK if the filter made of `profile` allows exactly the calls named in `allowed` on the profile's ABIs, and nothing
// else on any ABI that a kernel beside `native` may serve, and decides all else as the profile's text does
// (MeaningOfText). Names in both `allowed` and `conditional` may depend on their arguments, as in the text. A call that
// multiplexes others (socketcall, ipc) may be let through for the functions whose names are allowed. The interpreter
// (Evaluate) must agree on an example of each part.
//
// kInternal, with the first call that differs; kResourceExhausted: too complex; and Compile's errors.
absl::Status VerifyProfile(const Profile& profile, Abi native, const std::set<std::string>& allowed,
                           const std::set<std::string>& conditional = {});

}  // namespace syscarve
