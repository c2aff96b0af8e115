// SPDX-License-Identifier: Apache-2.0
// Logs of strace -f as recordings: docs/formats.md lists what is taken from them.
//
// A call is seen whatever it returned: strace stops a task before a filter decides, so a call that a filter then
// refused looks like one that failed. Where a log may lack calls, the recording has a loss and is incomplete:
// - it does not begin with execve: strace was attached, or it is one of the children's files of -ff (started_before);
// - a process is followed to no end (recorder_stopped);
// - processes exit without a call to exit: an option of strace left calls out (filtered_log);
// - lines that cannot be read, as when a program's own output is mixed in (unreadable_line);
// - names that no ABI of the machine has (unknown_name), and names by which a program made 32-bit calls where
//   neither strace's "[ Process PID=1 runs in 32 bit mode. ]" nor its numbers (-n) show which (unclear_abi).
// Nothing else in a log shows whether only some calls were traced (-e trace=).
//
// strace shows socketcall and ipc of 32-bit programs as the function that they ask for, and so they are recorded.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// Whether a call that somebody knows is on one of the first lines.
bool LooksLikeStrace(std::string_view text);

// One run of one command. A log does not name the machine on which it was made: `native` is that one's ABI.
// kInvalidArgument when there is no call in it.
absl::StatusOr<Recording> ReadStrace(std::string_view text, Abi native);

}  // namespace syscarve
