// SPDX-License-Identifier: Apache-2.0
// From recordings to a profile: the calls that were seen and, as far as asked for, those that belong beside them;
// everything else refused. Every name in the result has a reason.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const GeneratedProfile made, Generate(recordings, options));
//   FormatProfile(made.profile);   // The same recordings, in any order, give the same bytes.
//
// The steps, each with its own contract:
//
//   evidence.h           what the recordings show, joined
//   reasons.h            the calls that there is a reason for: seen, of the container runtime, of companions,
//                        asked for, closure
//   narrowing.h          what is taken away again: by a ceiling, by conditions of closure
//   rule_list.h          the profile as text: rules by reason, and the actions of unlisted calls
//   generate.cc          proven, against what was intended
//   generate_warnings.h  what the user should know
//
// What is made between them is a ProfileDraft (profile_draft.h). A step that adds calls for a new kind of reason stands
// in reasons.h, with a field in AllowedCall and a rule in rule_list.h.
#pragma once

#include <span>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate_options.h"
#include "userspace/policy/generated_profile.h"

namespace syscarve {

// The union over all recordings, runs and subjects, and over a run's parts where one run id appears more than once.
// Calls of phase "runtime" and refused calls are not allowed for their own sake. The profile lists the native ABI,
// of every other ABI that was seen and, with ClosureMode::kPortable, of the other architecture's. The result has been
// proven with VerifyProfile, for both architectures.
//
// kInvalidArgument: no recordings, recordings of different architectures, a baseline of another ABI, or an unknown name
// in `allow` or `block` (the message has the nearest known one). kDataLoss: a recording is incomplete and
// `allow_incomplete` is not set. kInternal: the result could not be proven. A seen number without a name cannot be
// written in a profile: it is left out with a warning, and answered as an unlisted call of the future.
absl::StatusOr<GeneratedProfile> Generate(std::span<const Recording> recordings, const GenerateOptions& options);

}  // namespace syscarve
