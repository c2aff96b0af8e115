// SPDX-License-Identifier: Apache-2.0
// Calls over time, as `record --events all` has them, for people (text) and programs (JSON; docs/explain.md has its
// fields).
#pragma once

#include <string>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// Every subject of every run that has a timeline, in the recording's order: a line per equal span of time, a few dozen
// lines at most, with the number of calls and a bar. kInvalidArgument when the recording has no timeline at all. Names
// are escaped.
absl::StatusOr<std::string> TimelineText(const Recording& recording);
// The same with the recording's own buckets.
absl::StatusOr<std::string> TimelineJson(const Recording& recording);

}  // namespace syscarve
