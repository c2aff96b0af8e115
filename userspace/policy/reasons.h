// SPDX-License-Identifier: Apache-2.0
// The reasons to allow a call, with one function each, which adds calls to a draft, but never a blocked one. Second
// step of Generate, in the order of this file.
#pragma once

#include <span>

#include "userspace/policy/evidence.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// A draft without calls. Its ABIs are those seen and, for a portable profile, the other architecture's.
ProfileDraft StartDraft(const Evidence& evidence, Abi native, const GenerateOptions& options);

// Adds the calls of the recorded programs. Their sightings are moved out of `evidence`; its names stay.
void AddSeen(Evidence& evidence, ProfileDraft& draft);

// Adds the calls that container runtimes make under a container's filter.
void AddBaselines(const GenerateOptions& options, ProfileDraft& draft);

// Adds the calls of companions, as far as requested.
void AddCompanions(const GenerateOptions& options, ProfileDraft& draft);

// Adds the calls that the user requests.
void AddRequested(const GenerateOptions& options, ProfileDraft& draft);

// Adds the closure of the seen calls and those of the runtime, and marks the incidental ones among all calls.
void AddClosure(std::span<const ClosureRule> rules, const GenerateOptions& options, ProfileDraft& draft);

}  // namespace syscarve
