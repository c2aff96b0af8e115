// SPDX-License-Identifier: Apache-2.0
// Compiles a Profile with libseccomp into the filter that a container runtime installs.
#pragma once

#include <cstdint>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/program.h"

namespace syscarve {

// Compiles `profile` with libseccomp. Names that are in syscarve's table but not in the installed libseccomp are added
// by number, so that the filter's meaning does not depend on the library's version; so are calls of ABIs that the
// library does not support, and calls with rules on which libseccomp may not terminate (rule_shapes.h). As in runtimes,
// names that neither has are left out, and so are rules with the default action. A profile without ABIs is for the
// native one. For a call with many rules, rules that others imply are left out (implied_rules.h).
//
// A call of an ABI that the profile does not list kills the thread: libseccomp's default, which runc and crun keep.
// Flags are ignored: they affect how a filter is loaded, not its decisions.
//
// Instructions are in this machine's byte order; offsets are those of the machine that the filter is for.
//
// kInvalidArgument if libseccomp rejects a rule, or the ABIs have different byte orders. kResourceExhausted if the
// result is longer than the kernel allows, or a call has more rules than libseccomp can process: this is decided by
// their number and shape, so it does not depend on the machine. Does not query the kernel about seccomp.
absl::StatusOr<FilterProgram> Compile(const Profile& profile);

// Conversions for callers that use libseccomp without Compile (seccomp_init(3), seccomp_rule_add(3)): an SCMP_ACT_*
// value that includes the errno or tracer's value, and an enum scmp_compare.
uint32_t ScmpAction(Action action);
int ScmpCompare(CompareOp op);

}  // namespace syscarve
