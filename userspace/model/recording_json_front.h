// SPDX-License-Identifier: Apache-2.0
// What a recording's file says before it says what was done: schema, host, method, losses, programs, subjects. Errors
// go to the readers, as in recording_json_fields.h.
#pragma once

#include "userspace/base/strict_json.h"
#include "userspace/model/recording.h"
#include "userspace/model/recording_json_fields.h"

namespace syscarve::recording_json {

// All but the rows, the shapes and the runs.
Schema ReadFront(const JsonReader& root, Recording& recording);

// Refuses fields that the root of a file of `schema` does not have.
void AllowFields(const JsonReader& root, Schema schema);

}  // namespace syscarve::recording_json
