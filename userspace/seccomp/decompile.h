// SPDX-License-Identifier: Apache-2.0
// From filters back to words: what the filters of a task decide, call by call, and the profile that says the same. What
// is written is proven: the profile is compiled again, and its decision is compared with the filters' for every number
// of every ABI, over all arguments (symbolic.h) and not for examples of them.
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

// What the profile may decide where it cannot decide the same.
enum class Bound {
  kExact,    // Nothing: every call with a name is decided exactly as it should be, or there is no profile.
  kAtMost,   // Something tighter, with a warning.
  kAtLeast,  // Something looser, with a warning: for unions, whose parts must go on working.
};

struct DecompiledProfile {
  Profile profile;
  std::vector<std::string> warnings;  // Sentences: where the profile differs from what was asked for.
};

// The profile of `stack` (most recently installed first) on a machine whose native ABI is `native`. It speaks of the
// ABIs that the filters do not simply refuse. Its default is what numbers without a name get, those beyond the tables
// above all; where that varies, or could not be written as a rule's "otherwise" (docs/profile-semantics.md), the answer
// with which the profile differs least, and the rest is a warning. Nothing that the filters refuse is ever let through.
//
// kInvalidArgument: a filter that the kernel would not take, or none. kUnimplemented: no profile within `bound` can be
// written; the error names the calls. kResourceExhausted: the filters are too complex.
absl::StatusOr<DecompiledProfile> DecompileFilters(std::span<const FilterProgram> stack, Abi native, Bound bound);

// The same of any meaning; `what` is what warnings and errors call it, such as "the union". Calls that are unclear are
// taken for refused. The profile is a normal form: equal meanings give the same one, whatever the profiles they were
// made of looked like. With kAtLeast what is decided for a call is widened first to the same on all ABIs, because a
// profile decides by name for all of them, and where that is not enough to all arguments.
absl::StatusOr<DecompiledProfile> Decompile(const Meaning& meaning, Bound bound, std::string_view what);

// What one call meets.
struct CallSummary {
  SyscallId id;
  ArgumentRules answers;  // Empty when the arguments do not matter.
  Action otherwise;
  std::string unclear;  // Not empty: why it cannot be told; the other fields are void.
};

struct AbiSummary {
  Abi abi = Abi::kX86_64;
  std::optional<Action> everything;  // All calls of the ABI meet the same; `calls` is then empty.
  Action unknown;                    // What numbers beyond the tables meet, whatever their arguments may change.
  std::vector<CallSummary> calls;    // All with a name, ascending by number.
};

// What the filters answer on every ABI that a kernel beside `native` may serve, `native` first. Fails as
// DecompileFilters does, except that calls that cannot be told are marked so.
absl::StatusOr<std::vector<AbiSummary>> DescribeFilters(std::span<const FilterProgram> stack, Abi native);

}  // namespace syscarve
