// SPDX-License-Identifier: Apache-2.0
// The kernel's audit of seccomp (type 1326, SECCOMP), AppArmor and SELinux (type 1400, AVC) as a recording:
// auditd's log, ausearch's output, and the kernel's own log. docs/formats.md lists what is taken from it.
//
// Only what a filter logs or kills is audited, and audit drops lines when there are many: such a recording is never
// complete (unreliable_log). Calls that were let through (log, allow, trace, notify) are calls, others are denials; the
// lines have no errno of a refused call, so EPERM is recorded (unknown_errno).
#pragma once

#include <string_view>

#include "userspace/base/status.h"
#include "userspace/model/recording.h"

namespace syscarve {

bool LooksLikeAudit(std::string_view text);

// One run of one subject, which is whoever the lines are about. The machine's ABI is `native` if that machine may serve
// all calls, or else the one that may. kInvalidArgument when there is no such line, or none machine may serve them all.
absl::StatusOr<Recording> ReadAudit(std::string_view text, Abi native);

}  // namespace syscarve
