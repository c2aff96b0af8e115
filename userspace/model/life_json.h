// SPDX-License-Identifier: Apache-2.0
// A Life in a recording's file, for its writer and its reader.
#pragma once

#include <cstddef>

#include "userspace/base/strict_json.h"
#include "userspace/model/life.h"

namespace syscarve {

JsonValue LifeToJson(const Life& life);

// Errors are reported through `reader`. Program ids must be below `program_count`.
Life ReadLife(const JsonReader& reader, size_t program_count);

}  // namespace syscarve
