// SPDX-License-Identifier: Apache-2.0
// Proofs in a recording's file (docs/recording-format.md), for its codec only.
#pragma once

#include "userspace/base/strict_json.h"
#include "userspace/model/recording.h"

namespace syscarve::recording_json {

JsonValue ProofsToJson(const Proofs& proofs);

// Errors are reported through `reader`, including proofs for a name that no subject of `recording` has.
Proofs ReadProofs(const JsonReader& reader, const Recording& recording);

}  // namespace syscarve::recording_json
