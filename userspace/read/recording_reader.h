// SPDX-License-Identifier: Apache-2.0
// The single entry point for reading a text of any format as a Recording: a recording's file, an strace log (strace.h)
// or table (strace_summary.h), or the kernel's audit of seccomp (audit.h). The format is detected from the text.
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

// kInvalidArgument for anything else, with the supported formats as the hint. `native` is the ABI of the machine for
// logs that do not contain their architecture.
absl::StatusOr<Recording> ReadRecordingText(std::string_view text, Abi native);

}  // namespace syscarve
