// SPDX-License-Identifier: Apache-2.0
// What of a draft is taken away again: calls that a ceiling refuses, arguments that no reason asks for. Third step of
// Generate.
#pragma once

#include "userspace/base/status.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// Takes out of `draft` what options.ceiling cuts, and the ABIs that it does not serve; notes what it narrows. REQUIRES:
// options.ceiling is set. Fails as ApplyCeiling does.
absl::Status KeepUnderCeiling(const GenerateOptions& options, const ErrnoPolicy& policy, ProfileDraft& draft);

// Where both hold. nullopt where that would need two conditions on one argument, which container runtimes take for
// alternatives.
std::optional<ArgumentRules> Intersect(const ArgumentRules& left, const ArgumentRules& right);

// Gives the calls that closure adds for some arguments only their conditions, beside those of the ceiling. Without
// `options.conditions` such calls are left out, and always those that would need two conditions on one argument, which
// container runtimes take for alternatives.
void NarrowByClosure(const GenerateOptions& options, ProfileDraft& draft);

}  // namespace syscarve
