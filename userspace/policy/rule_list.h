// SPDX-License-Identifier: Apache-2.0
// Writes a draft as a profile: rules by reason, and the actions of unlisted calls. Fourth step of Generate.
#pragma once

#include <span>
#include <vector>

#include "userspace/model/profile.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// One rule per kind of reason. Each name is listed under its strongest reason, or if that is incidental, under the rule
// for incidental calls. Rules for narrowed calls follow, then the explicit actions of unlisted calls.
Profile WriteRules(const ProfileDraft& draft, std::span<const ClosureRule> closure_rules,
                   const GenerateOptions& options, const ErrnoPolicy& policy);

// The profile for `abis` that allows nothing.
Profile RefuseAll(const GenerateOptions& options, const ErrnoPolicy& policy, const std::vector<Abi>& abis);
// The action of such a profile for a call.
Action ActionFor(const Profile& refuses_all, const std::string& name);

}  // namespace syscarve
