// SPDX-License-Identifier: Apache-2.0
// Proofs in a recording's file: docs/recording-format.md. For its codec, and nobody else.
#pragma once

#include "userspace/base/strict_json.h"
#include "userspace/model/recording.h"

namespace syscarve::recording_json {

JsonValue ProofsToJson(const Proofs& proofs);

// Reports what it does not like through `reader`: also proofs of a name that no subject of `recording` has.
Proofs ReadProofs(const JsonReader& reader, const Recording& recording);

}  // namespace syscarve::recording_json
