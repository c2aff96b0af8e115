// SPDX-License-Identifier: Apache-2.0
// What a stack of seccomp filters decides for one call, over all its arguments and not for examples of them: classic
// BPF cannot loop, so every way through it can be followed with the arguments left open.
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

// The arguments for which all of `tests` hold are answered with `result`, a SECCOMP_RET_* value with its data.
struct FilterPath {
  std::vector<WordTest> tests;
  uint32_t result = 0;
};

// The ways through `stack` for `id`: every six arguments take exactly one of them. Tests that others before them in the
// path decide are left out, and so are paths that no arguments take.
//
// `stack` holds the filters of one task, the most recently installed first, each of which must have passed
// ValidateFilter. As the kernel has it (kernel/seccomp.c, seccomp_run_filters) the most restrictive action counts, and
// of filters that agree on the action the most recent one's data. The upper halves of the arguments are left open on
// every ABI: `int $0x80` of a 64-bit program does not clear them.
//
// kUnimplemented when a decision rests on something that WordTest cannot say: arithmetic on arguments beyond AND with a
// constant and a shift to the right, two arguments compared with each other, or the instruction pointer.
// kResourceExhausted when there are too many ways.
absl::StatusOr<std::vector<FilterPath>> FilterPaths(std::span<const FilterProgram> stack, SyscallId id);

// FilterPaths as a Decision, errnos capped.
absl::StatusOr<Decision> DecisionOf(std::span<const FilterProgram> stack, SyscallId id, ArgumentSets& sets);

// The same for the calls of one ABI with the numbers from `id.nr` to `last`, so that the holes between those that a
// filter names are followed once.
struct DecidedNumbers {
  Decision decision;
  int last = 0;
};
absl::StatusOr<DecidedNumbers> DecideNumbers(std::span<const FilterProgram> stack, SyscallId id, ArgumentSets& sets);

}  // namespace syscarve
