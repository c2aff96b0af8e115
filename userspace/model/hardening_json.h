// SPDX-License-Identifier: Apache-2.0
// Hardening evidence in a recording's file, for its writer and its reader.
#pragma once

#include <cstddef>

#include "userspace/base/strict_json.h"
#include "userspace/model/hardening.h"

namespace syscarve {

JsonValue HardeningToJson(const HardeningEvidence& hardening);

// Errors are reported through `reader`. Program ids must be below `program_count`.
HardeningEvidence ReadHardening(const JsonReader& reader, size_t program_count);

}  // namespace syscarve
