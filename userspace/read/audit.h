// SPDX-License-Identifier: Apache-2.0
// Reads the kernel's audit of seccomp (type 1326, SECCOMP), AppArmor and SELinux (type 1400, AVC) as a recording:
// auditd's log, ausearch's output, and the kernel's own log. docs/formats.md lists the fields used.
//
// Only calls that a filter logs or kills are audited, and audit drops lines under load: such a recording is never
// complete (unreliable_log). Calls that were let through (log, allow, trace, notify) become calls, others denials; the
// lines lack the errno of a refused call, so EPERM is recorded (unknown_errno).
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

bool LooksLikeAudit(std::string_view text);

// Returns one run of one subject, which stands for all processes in the lines. The machine's ABI is `native` if such a
// machine may serve all calls, else the ABI of a machine that may. kInvalidArgument if there is no such line, or no
// machine may serve all calls.
absl::StatusOr<Recording> ReadAudit(std::string_view text, Abi native);

}  // namespace syscarve
