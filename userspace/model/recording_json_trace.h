// SPDX-License-Identifier: Apache-2.0
// What a recording's file says that subjects did: calls, denials, capability checks, timelines; written in full, and as
// rows. Errors go to the readers, as in recording_json_fields.h.
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

// Programs are checked against `program_count`, those that the recording has.

// A trace that is written in full; which fields its entry may have is the caller's to say.
SubjectTrace ReadTrace(const JsonReader& entry, Schema schema, size_t program_count);

// Parts of the dense form.
Row ReadRow(const JsonReader& entry, Schema schema, size_t program_count);
std::map<SyscallId, std::vector<Denial>> ReadDenials(const JsonReader& reader, Numbers numbers, size_t program_count);
std::map<int, CapabilityUse> ReadCapabilities(const JsonReader& reader, Numbers numbers);
Timeline ReadTimeline(const JsonReader& reader);

}  // namespace syscarve::recording_json
