// SPDX-License-Identifier: Apache-2.0
// A draft as a profile: rules by the reasons for them, and how unlisted calls are answered. Fourth step of Generate.
#pragma once

#include <span>
#include <vector>

#include "userspace/model/profile.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// One rule per kind of reason; each name goes where its strongest reason is, and where that is incidental, to the rule
// of those. Rules for narrowed calls follow, then the explicit actions of unlisted calls.
Profile WriteRules(const ProfileDraft& draft, std::span<const ClosureRule> closure_rules,
                   const GenerateOptions& options, const ErrnoPolicy& policy);

// The profile for `abis` that allows nothing.
Profile RefuseAll(const GenerateOptions& options, const ErrnoPolicy& policy, const std::vector<Abi>& abis);
// How that answers a call.
Action AnswerOf(const Profile& refuses_all, const std::string& name);

}  // namespace syscarve
