// SPDX-License-Identifier: Apache-2.0
// The decisions of a stack of seccomp filters for one call, over all its arguments and not for examples of them:
// classic BPF has no loops, so every path through it can be followed with the arguments left open.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const std::vector<FilterPath> paths, FilterPaths(stack, id));
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/decision.h"
#include "userspace/seccomp/program.h"

namespace syscarve {

// A path: if all `tests` hold for the arguments, the filters return `result`, a SECCOMP_RET_* value with its data.
struct FilterPath {
  std::vector<WordTest> tests;
  uint32_t result = 0;
};

// The paths through `stack` for `id`: any six arguments take exactly one of them. Tests that are implied by earlier
// ones of the path are left out, and so are paths that no arguments take.
//
// `stack` contains the filters of one task, newest first, each of which must have passed ValidateFilter. As in the
// kernel (kernel/seccomp.c, seccomp_run_filters), the most restrictive action wins, and of filters with the same action
// the data of the newest. The upper halves of the arguments are left open on every ABI: `int $0x80` of a 64-bit program
// does not clear them.
//
// kUnimplemented if a decision depends on something that WordTest cannot express: arithmetic on arguments beyond AND
// with a constant and a shift to the right, two arguments compared with each other, or the instruction pointer.
// kResourceExhausted if there are too many paths.
absl::StatusOr<std::vector<FilterPath>> FilterPaths(std::span<const FilterProgram> stack, SyscallId id);

// FilterPaths as a Decision, errnos capped.
absl::StatusOr<Decision> DecisionOf(std::span<const FilterProgram> stack, SyscallId id, ArgumentSets& sets);

// The same for the calls of one ABI with the numbers from `id.nr` to `last`, so that gaps between the numbers that a
// filter tests are evaluated once.
struct DecidedNumbers {
  Decision decision;
  int last = 0;
};
absl::StatusOr<DecidedNumbers> DecideNumbers(std::span<const FilterProgram> stack, SyscallId id, ArgumentSets& sets);

}  // namespace syscarve
