// SPDX-License-Identifier: Apache-2.0
// A Profile as the filter that libseccomp makes of it, exactly as a container runtime does.
#pragma once

#include <cstdint>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/program.h"

namespace syscarve {

// The filter that libseccomp makes of `profile`. Names that the installed libseccomp does not know but our table does
// are added by number, so that the filter's meaning is the profile's, not the library's age. A name that neither knows
// is left out, as runtimes do, and so is a rule whose action is the default's. ABIs that the installed libseccomp does
// not know are treated alike, and so are calls whose rules libseccomp may never come back from (rule_shapes.h). Without
// ABIs the native one is meant. Of a call with many rules those are left out that another one implies
// (implied_rules.h).
//
// A call of an ABI that the profile does not list kills the thread: libseccomp's default, which runc and crun leave in
// place. Flags say how a filter is loaded, not what it decides, and are not looked at.
//
// Instructions are in this machine's order of bytes, offsets are those of the machine that the filter is for.
//
// kInvalidArgument when libseccomp refuses a rule, or the ABIs have different orders of bytes; kResourceExhausted when
// the result is longer than the kernel takes, and when a call has more rules than libseccomp can be given: told by
// their number and shape, so that the same profile has the same answer everywhere. Asks the kernel nothing about
// seccomp.
absl::StatusOr<FilterProgram> Compile(const Profile& profile);

// Our words as libseccomp's, for who asks it without Compile (seccomp_init(3), seccomp_rule_add(3)): an SCMP_ACT_*
// value, with the errno or tracer's value in it, and an enum scmp_compare.
uint32_t ScmpAction(Action action);
int ScmpCompare(CompareOp op);

}  // namespace syscarve
