// Seccomp filters as the kernel runs them: classic BPF over struct seccomp_data. Compile turns a Profile into one with
// libseccomp, exactly as a container runtime does; Evaluate interprets any such program in user space, without loading
// it, so that what a profile really decides can be checked call by call.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <span>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"

namespace syscarve {

// A program for seccomp(SECCOMP_SET_MODE_FILTER): at most BPF_MAXINSNS (4096) instructions.
using FilterProgram = std::vector<sock_filter>;

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

// `program`, which is in this machine's order of bytes, as a machine of `abi` reads it; and back.
FilterProgram InBytesOf(Abi abi, FilterProgram program);

// Checks `program` as the kernel's seccomp_check_filter does (kernel/seccomp.c): known opcodes, aligned loads inside
// seccomp_data, jumps forward and inside, no division by a constant zero, no scratch word read before it is written,
// every path ends in a return.
absl::Status ValidateFilter(std::span<const sock_filter> program);

// What `program` returns for `data`: a SECCOMP_RET_* value with its 16 data bits. `program` must have passed
// ValidateFilter. `data` is in this machine's order of bytes, whatever the order of its architecture.
uint32_t Evaluate(std::span<const sock_filter> program, const seccomp_data& data);

// A SECCOMP_RET_* value as an Action; unknown action bits are kKillProcess, as the kernel treats them.
Action ActionFromReturn(uint32_t seccomp_return);

}  // namespace syscarve
