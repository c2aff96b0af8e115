// SPDX-License-Identifier: Apache-2.0
// Sightings and refusals of a call, as all reports with evidence show them.
#pragma once

#include <string>

#include "userspace/base/strict_json.h"
#include "userspace/policy/refusals.h"
#include "userspace/policy/sighting.h"

namespace syscarve {

// Lines indented by two spaces: the count, the run, the subject and programs. Includes the call's name unless `native`.
std::string SightingLines(const Sighting& sighting, bool native);

// The same for a denial of a filter in force during the recording, with its result first.
std::string RefusalLines(const Refusal& refusal, bool native);

// An object with `run`, `run_id`, `subject`, `abi`, `number`, `count`, `first_seen_after_ns` unless lost, and
// `programs`. Untrusted bytes are percent-encoded.
JsonValue SightingJson(const Sighting& sighting);

// The same, with `outcome` first: "errno", "killed", "trapped" or "answered"; then `errno`, a name, if the outcome is
// "errno"; then `harmless`, which is call.IsHarmless(refusal).
JsonValue RefusalJson(const RefusedCall& call, const Refusal& refusal);

}  // namespace syscarve
