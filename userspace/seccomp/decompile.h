// SPDX-License-Identifier: Apache-2.0
// From filters to text: the decisions of a task's filters, call by call, and the profile with the same meaning. The
// result is proven: the profile is compiled, and its decision is compared with the filters' for every number of every
// ABI, over all arguments (symbolic.h) and not for examples of them.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/condition_writer.h"
#include "userspace/seccomp/meaning.h"

namespace syscarve {

// How the profile may deviate where it cannot decide the same.
enum class Bound {
  kExact,    // Not at all: every call with a name is decided exactly, or there is no profile.
  kAtMost,   // It may be tighter, with a warning.
  kAtLeast,  // It may be looser, with a warning: for unions, whose parts must go on working.
};

struct DecompiledProfile {
  Profile profile;
  std::vector<std::string> warnings;  // Sentences: how the profile deviates from the meaning.
};

// The profile of `stack`, newest filter first, on a machine whose native ABI is `native`. It lists the ABIs that the
// filters do not refuse altogether. Its default is the action for numbers without a name, first of all those beyond the
// tables; if that varies, or cannot be the action of a call where none of its conditions holds
// (docs/profile-semantics.md), the action with which the profile differs least, and a warning lists the rest. The
// profile never lets through what the filters refuse.
//
// kInvalidArgument if the stack is empty or a filter is invalid. kUnimplemented if no profile within `bound` can be
// written; the error lists the calls. kResourceExhausted if the filters are too complex.
absl::StatusOr<DecompiledProfile> DecompileFilters(std::span<const FilterProgram> stack, Abi native, Bound bound);

// The same for any meaning; `what` is its name in warnings and errors, such as "the union". Unclear calls count as
// refused. The profile is a normal form: equal meanings give equal profiles, whatever they were made of. With kAtLeast
// a call's decision is first loosened to the same one on all ABIs, because rules are by name for all of them, and if
// that is not enough, to all arguments.
absl::StatusOr<DecompiledProfile> Decompile(const Meaning& meaning, Bound bound, std::string_view what);

// The decision for one call.
struct CallSummary {
  SyscallId id;
  ArgumentRules answers;  // Empty if the arguments do not matter.
  Action otherwise;
  std::string unclear;  // If not empty: why the decision is unclear; the other fields are then void.
};

struct AbiSummary {
  Abi abi = Abi::kX86_64;
  std::optional<Action> everything;  // The one action of all calls of the ABI; `calls` is then empty.
  Action unknown;                    // The action for numbers beyond the tables; differences by arguments are ignored.
  std::vector<CallSummary> calls;    // All with a name, ascending by number.
};

// The decisions of the filters on every ABI that a kernel beside `native` may serve, `native` first. Fails as
// DecompileFilters does, except that unclear calls are marked instead.
absl::StatusOr<std::vector<AbiSummary>> DescribeFilters(std::span<const FilterProgram> stack, Abi native);

}  // namespace syscarve
