// SPDX-License-Identifier: Apache-2.0
// The parts of a recording's file before the runs: schema, host, method, losses, programs, subjects. Errors are
// reported through the readers, as in recording_json_fields.h.
#pragma once

#include "userspace/base/strict_json.h"
#include "userspace/model/recording.h"
#include "userspace/model/recording_json_fields.h"

namespace syscarve::recording_json {

// Reads everything except the rows, the shapes and the runs.
Schema ReadFront(const JsonReader& root, Recording& recording);

// Rejects fields that the root of a file of `schema` does not have.
void AllowFields(const JsonReader& root, Schema schema);

}  // namespace syscarve::recording_json
