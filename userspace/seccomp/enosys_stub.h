// SPDX-License-Identifier: Apache-2.0
// What runc puts in front of the filter that libseccomp makes of a profile: instructions that answer ENOSYS beyond the
// largest number that the profile names, so that a libc finds calls that are newer than the profile missing rather than
// forbidden. Of runc's libcontainer/seccomp/patchbpf/enosys_linux.go, 1.0.0-rc93 and later; crun and youki have no such
// thing.
#pragma once

#include "userspace/model/profile.h"
#include "userspace/seccomp/compile.h"

namespace syscarve {

// The instructions, behind which the profile's own filter is to follow; none where runc has none. As runc has it:
//
// - None where the default action lets calls through (allow, log), leaves them to a tracer, or is ENOSYS itself.
// - For each ABI that the profile lists, numbers above the largest that any rule names, whatever its action. An ABI of
//   which no rule names a call has no such end. Without a list the native ABI is meant (runc 1.1.15 and 1.2.0).
// - x86_64 and x32 are told apart by x32's bit.
// - On s390 and s390x number 0, too: it is what the kernel makes of a number that it does not know.
//
// Names count that our table has a number for, as they do to a runc with a libseccomp as new. Instructions are in this
// machine's order of bytes.
FilterProgram EnosysStub(const Profile& profile);

}  // namespace syscarve
