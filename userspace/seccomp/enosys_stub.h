// SPDX-License-Identifier: Apache-2.0
// The instructions that runc puts in front of libseccomp's filter for a profile: they return ENOSYS beyond the largest
// number that the profile names, so that to a libc, calls newer than the profile are missing rather than forbidden. As
// in runc's libcontainer/seccomp/patchbpf/enosys_linux.go, 1.0.0-rc93 and later; crun and youki have no such stub.
#pragma once

#include "userspace/model/profile.h"
#include "userspace/seccomp/compile.h"

namespace syscarve {

// The instructions that precede the profile's own filter; none if runc adds none. As in runc:
//
// - None if the default action lets calls through (allow, log), leaves them to a tracer, or is ENOSYS itself.
// - For each ABI that the profile lists, numbers above the largest that any rule names, whatever its action. An ABI
//   without a call that a rule names has no such bound. A profile without ABIs is for the native one (runc 1.1.15 and
//   1.2.0).
// - x86_64 and x32 are distinguished by x32's bit.
// - On s390 and s390x also number 0, which the kernel substitutes for an unknown number.
//
// Names count if syscarve's table has a number for them, as in a runc with an equally new libseccomp. Instructions are
// in this machine's byte order.
FilterProgram EnosysStub(const Profile& profile);

}  // namespace syscarve
