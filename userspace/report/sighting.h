// SPDX-License-Identifier: Apache-2.0
// Where a call was seen or refused, as every report that gives evidence shows it.
#pragma once

#include <string>

#include "userspace/base/strict_json.h"
#include "userspace/policy/refusals.h"
#include "userspace/policy/sighting.h"

namespace syscarve {

// Lines that begin with two spaces: how often, in which run, by whom. The call is named unless `native`.
std::string SightingLines(const Sighting& sighting, bool native);

// The same of what a filter that was in force while recording refused: how it answered comes first.
std::string RefusalLines(const Refusal& refusal, bool native);

// An object with `run`, `run_id`, `subject`, `abi`, `number`, `count`, `first_seen_after_ns` unless lost, and
// `programs`. An adversary's bytes are percent-encoded.
JsonValue SightingJson(const Sighting& sighting);

// The same with `outcome` in front, "errno", "killed", "trapped" or "answered", and with `errno`, a name, where it is
// the first. `harmless` says what `call` does of it.
JsonValue RefusalJson(const RefusedCall& call, const Refusal& refusal);

}  // namespace syscarve
