// SPDX-License-Identifier: Apache-2.0
// Calls over time, recorded by `record --events all`, for people (text) and programs (JSON; docs/explain.md has its
// fields).
#pragma once

#include <string>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// For each subject of each run that has a timeline, in the recording's order: one line per span of time, all equally
// long, a few dozen lines at most, with the number of calls and a bar. kInvalidArgument if the recording has no
// timeline. Names are escaped.
absl::StatusOr<std::string> TimelineText(const Recording& recording);
// The same with the recording's own buckets.
absl::StatusOr<std::string> TimelineJson(const Recording& recording);

}  // namespace syscarve
