// SPDX-License-Identifier: Apache-2.0
// Instructions in front of libseccomp's program decide what it cannot express: calls by a number without a name there,
// and every call of an architecture that it does not support.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {

struct PreludeOfAbi {
  std::vector<SyscallId> calls;    // Each has an entry in the RuleEvaluator. Ascending.
  std::optional<Action> all_else;  // For every other number of the ABI; nullopt: left to the program that follows.
};

// Appends to `program` instructions that decide the calls of `abis` as `decider` does and pass all others on to
// whatever is appended next.
void AppendPrelude(const RuleEvaluator& decider, const std::map<Abi, PreludeOfAbi>& abis, FilterProgram& program);

}  // namespace syscarve
