// SPDX-License-Identifier: Apache-2.0
// Removes what exceeds the reasons for it: calls that a ceiling refuses, arguments that no reason covers. Third step of
// Generate.
#pragma once

#include "userspace/base/status.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// Removes from `draft` the calls that options.ceiling cuts and the ABIs that it does not serve, and records the calls
// that it narrows. REQUIRES: options.ceiling is set. Fails as ApplyCeiling does.
absl::Status KeepUnderCeiling(const GenerateOptions& options, const ErrnoPolicy& policy, ProfileDraft& draft);

// The intersection of two lists of rules. nullopt if it needs two conditions on one argument, which container runtimes
// take for alternatives.
std::optional<ArgumentRules> Intersect(const ArgumentRules& left, const ArgumentRules& right);

// Adds the conditions of closure to calls that closure adds for some arguments only, in addition to those of the
// ceiling. Such calls are left out without `options.conditions`, and if they need two conditions on one argument, which
// container runtimes take for alternatives.
void NarrowByClosure(const GenerateOptions& options, ProfileDraft& draft);

}  // namespace syscarve
