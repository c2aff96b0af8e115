// SPDX-License-Identifier: Apache-2.0
// Rules that say nothing beside others. libseccomp's time grows with the square of the rules of one call and more, so
// it is given no rule that another one implies, and not more of them than it comes to an end with.
#pragma once

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

// `profile` with each name of a rule once and no rule twice. Of a call with many rules that compare one argument those
// are gone, too, that another one of the same action implies, whether 64 bits are compared or the low 32: their order
// and their conditions stay as they are.
//
// kResourceExhausted when a call has more rules left than libseccomp can be given. That depends on the rules only, and
// not on how fast this machine is.
absl::StatusOr<Profile> WithoutImpliedRules(const Profile& profile);

}  // namespace syscarve
