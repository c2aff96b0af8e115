// SPDX-License-Identifier: Apache-2.0
// The activity of subjects in a recording's file: calls, denials, capability checks, timelines; in full and as rows.
// Errors are reported through the readers, as in recording_json_fields.h.
#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "userspace/base/strict_json.h"
#include "userspace/model/recording_json_fields.h"
#include "userspace/model/recording_json_words.h"
#include "userspace/model/run.h"
#include "userspace/model/run_list.h"

namespace syscarve::recording_json {

// Program ids must be below `program_count`, the recording's number of programs.

// A trace in full. The caller checks which fields `entry` may have.
SubjectTrace ReadTrace(const JsonReader& entry, Schema schema, size_t program_count);

// Parts of the dense form.
Row ReadRow(const JsonReader& entry, Schema schema, size_t program_count);
std::map<SyscallId, std::vector<Denial>> ReadDenials(const JsonReader& reader, Numbers numbers, size_t program_count);
std::map<int, CapabilityUse> ReadCapabilities(const JsonReader& reader, Numbers numbers);
Timeline ReadTimeline(const JsonReader& reader);

}  // namespace syscarve::recording_json
