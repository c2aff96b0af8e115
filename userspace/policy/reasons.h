// SPDX-License-Identifier: Apache-2.0
// The reasons to allow a call, one function each: they add calls to a draft, and never one that is blocked. Second step
// of Generate, in the order in which they stand here.
#pragma once

#include <span>

#include "userspace/policy/evidence.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/profile_draft.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// A draft without calls: its ABIs are those seen and, of a portable profile, the other architecture's.
ProfileDraft StartDraft(const Evidence& evidence, Abi native, const GenerateOptions& options);

// What the recorded programs made, with the sightings, which are taken out of `evidence`; its names stay.
void AddSeen(Evidence& evidence, ProfileDraft& draft);

// What container runtimes make under a container's filter.
void AddBaselines(const GenerateOptions& options, ProfileDraft& draft);

// What happens in the container beside the service's own work, as far as it is asked for.
void AddCompanions(const GenerateOptions& options, ProfileDraft& draft);

// What the user asks for.
void AddRequested(const GenerateOptions& options, ProfileDraft& draft);

// What belongs beside the calls seen and those of the runtime, and which of all calls are incidental.
void AddClosure(std::span<const ClosureRule> rules, const GenerateOptions& options, ProfileDraft& draft);

}  // namespace syscarve
