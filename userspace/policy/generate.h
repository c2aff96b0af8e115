// SPDX-License-Identifier: Apache-2.0
// From recordings to a profile: the seen calls and, as far as requested, those that belong beside them; everything else
// is refused. Every name in the result has a reason.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate(recordings, options));
//   FormatProfile(made.profile);   // The same recordings, in any order, give the same bytes.
//
// The steps, each with its own contract:
//
//   evidence.h           the evidence of the recordings, joined
//   reasons.h            the calls with a reason: seen, container runtime, companions, requested, closure
//   narrowing.h          what is removed again: by a ceiling, by conditions of closure
//   rule_list.h          the profile as text: rules by reason, and the actions of unlisted calls
//   generate.cc          the proof, against what was intended
//   generate_warnings.h  the warnings for the user
//
// The steps pass on a ProfileDraft (profile_draft.h). A step that adds calls for a new kind of reason belongs in
// reasons.h, with a field in AllowedCall and a rule in rule_list.h.
#pragma once

#include <span>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/generated_profile.h"

namespace syscarve {

// The union over all recordings, runs and subjects, and over a run's parts if a run id appears more than once. Calls of
// phase "runtime" and refused calls alone are no reason to allow a call. The profile lists the native ABI, every other
// ABI that was seen and, with ClosureMode::kPortable, those of the other architecture. The result has been proven with
// VerifyProfile, for both architectures.
//
// kInvalidArgument: no recordings, recordings of different architectures, a baseline of another ABI, or an unknown name
// in `allow` or `block` (the message has the nearest known one). kDataLoss: a recording is incomplete and
// `allow_incomplete` is not set. kInternal: the result could not be proven. A seen number without a name cannot be
// written in a profile: it is left out with a warning, and treated like an unlisted call of the future.
absl::StatusOr<GeneratedProfile> Generate(std::span<const Recording> recordings, const GenerateOptions& options);

}  // namespace syscarve
