// SPDX-License-Identifier: Apache-2.0
// Removes rules that others imply. libseccomp's time grows at least with the square of the number of rules of one call,
// so it is given no implied rules, and no more rules than it can process.
#pragma once

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

// `profile` without repeated names in a rule and without repeated rules. For a call with many rules that compare one
// argument, rules are removed that another one of the same action implies, both by 64 bits and by the low 32; the order
// and the conditions of the others are unchanged.
//
// kResourceExhausted if a call has more rules left than libseccomp can process. That depends only on the rules, and not
// on the machine's speed.
absl::StatusOr<Profile> WithoutImpliedRules(const Profile& profile);

}  // namespace syscarve
