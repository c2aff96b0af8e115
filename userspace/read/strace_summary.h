// SPDX-License-Identifier: Apache-2.0
// Reads the table of `strace -c` as a recording: names and counts, without the programs that made the calls.
//
// The recording is never complete (summary_only): strace counts a call when it returns, so exit_group is in no table,
// and the table has neither programs nor, as a rule, ABIs.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

bool LooksLikeStraceSummary(std::string_view text);

// Returns one run of one subject. Text around the table is skipped; several tables are all read. The ABI is `native` if
// a table has none. kInvalidArgument if it contains no call, or its columns are not those of -c alone.
absl::StatusOr<Recording> ReadStraceSummary(std::string_view text, Abi native);

}  // namespace syscarve
