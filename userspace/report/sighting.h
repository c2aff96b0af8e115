// One sighting of a call, as every report that gives evidence shows it.
#pragma once

#include <string>

#include "userspace/model/strict_json.h"
#include "userspace/policy/generate.h"

namespace syscarve {

// Lines that begin with two spaces: how often, in which run, by whom. The call is named unless `native`.
std::string SightingLines(const Sighting& sighting, bool native);

// An object with `run`, `run_id`, `subject`, `abi`, `number`, `count`, `first_seen_after_ns` unless lost, and
// `programs`. An adversary's bytes are percent-encoded.
JsonValue SightingJson(const Sighting& sighting);

}  // namespace syscarve
