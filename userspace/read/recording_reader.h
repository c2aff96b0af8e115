// SPDX-License-Identifier: Apache-2.0
// The one way from a text of any format to a Recording: our own file, an strace log (strace.h) or
// table (strace_summary.h), or the kernel's audit of seccomp (audit.h), recognised by what is in the text.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// kInvalidArgument for anything else, with what is read as the hint. `native` is the ABI of the machine where a log was
// made that does not name its architecture.
absl::StatusOr<Recording> ReadRecordingText(std::string_view text, Abi native);

}  // namespace syscarve
