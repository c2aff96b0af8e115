// SPDX-License-Identifier: Apache-2.0
// What the kernel makes of a stack of filters, with the arguments given.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include "userspace/model/abi.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {

inline uint32_t EvaluateStack(std::span<const FilterProgram> stack, SyscallId id, const Arguments& arguments) {
  seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
  std::copy(arguments.begin(), arguments.end(), data.args);
  uint32_t result = SECCOMP_RET_ALLOW;
  for (const FilterProgram& program : stack) {
    const uint32_t own = Evaluate(program, data);
    const auto action = [](uint32_t value) { return static_cast<int32_t>(value & SECCOMP_RET_ACTION_FULL); };
    if (action(own) < action(result)) result = own;
  }
  return result;
}

}  // namespace syscarve
