// SPDX-License-Identifier: Apache-2.0
// The table that `strace -c` prints, as a recording: names and counts, and nothing of who made the calls.
//
// It is never complete (summary_only): strace counts a call when it has returned, so exit_group is in no table, and the
// table has neither programs nor, as a rule, ABIs.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

bool LooksLikeStraceSummary(std::string_view text);

// One run of one subject. What stands around the table is passed over; of several tables all are taken. The ABI is
// `native` where a table does not have it. kInvalidArgument when there is no call in it, or its columns are not those of
// -c alone.
absl::StatusOr<Recording> ReadStraceSummary(std::string_view text, Abi native);

}  // namespace syscarve
