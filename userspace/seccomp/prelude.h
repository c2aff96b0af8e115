// SPDX-License-Identifier: Apache-2.0
// What libseccomp cannot be given is decided by instructions in front of its program: calls of a number that it has no
// name for, and every call of an architecture that it does not know.
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
  std::optional<Action> all_else;  // For every other number of the ABI; nullopt: the program behind decides.
};

// Appends to `program` instructions that answer the calls of `abis` as `decider` does and let all others through to
// what is appended next.
void AppendPrelude(const RuleEvaluator& decider, const std::map<Abi, PreludeOfAbi>& abis, FilterProgram& program);

}  // namespace syscarve
