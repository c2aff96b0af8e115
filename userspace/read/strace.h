// SPDX-License-Identifier: Apache-2.0
// Reads logs of strace -f as recordings; docs/formats.md lists what is read.
//
// A call is recorded whatever it returned: strace stops a task before a filter decides, so a call that a filter then
// refused looks like a failed one. If a log may lack calls, the recording has a loss and is incomplete:
// - it does not begin with execve: strace was attached, or it is one of the children's files of -ff (started_before);
// - a process has no end in the log (recorder_stopped);
// - processes exit without a call to exit: an option of strace left calls out (filtered_log);
// - lines cannot be read, for example because a program's own output is mixed in (unreadable_line);
// - names that no ABI of the machine has (unknown_name), and names of 32-bit calls where neither strace's
//   "[ Process PID=1 runs in 32 bit mode. ]" nor its numbers (-n) identify the ABI (unclear_abi).
// Nothing else in a log shows whether only some calls were traced (-e trace=).
//
// strace prints socketcall and ipc of 32-bit programs as the requested function, and so they are recorded.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// Whether one of the first lines contains a known call.
bool LooksLikeStrace(std::string_view text);

// Returns one run of one command. A log does not identify the machine on which it was made: `native` is that machine's
// ABI. kInvalidArgument if it contains no call.
absl::StatusOr<Recording> ReadStrace(std::string_view text, Abi native);

}  // namespace syscarve
