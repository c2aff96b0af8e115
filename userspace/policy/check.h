// SPDX-License-Identifier: Apache-2.0
// Determines which recorded calls a profile would refuse. Runs nothing: the profile is compiled as a container runtime
// compiles it, and the filter is evaluated for each recorded call, over all arguments that the call can have had.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const CheckResult result, Check(profile, recording));
//   if (!result.refused.empty()) …
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/profile_target.h"
#include "userspace/model/recording.h"
#include "userspace/policy/refusals.h"
#include "userspace/policy/sighting.h"

namespace syscarve {

// A recorded call that the profile does not simply let through.
struct CheckedCall {
  SyscallId id;
  bool by_runtime = false;          // Made by the container runtime, under the filter in force.
  std::vector<Action> answers;      // The filter's possible actions, the most restrictive first; at least one.
  std::vector<Sighting> sightings;  // In the order of runs, then subjects.
  uint64_t count() const;           // Over all sightings; at most UINT64_MAX.
  bool operator==(const CheckedCall&) const = default;
};

// What a profile would do to a call that a filter refused while recording.
enum class RefusedAgain {
  kAllowed,     // Let through; the recording does not show what the program does then.
  kDepends,     // Let through with some arguments, or as a tracer or supervisor decides.
  kSame,        // The same result as while recording, which did not kill the program.
  kHarmless,    // ENOSYS, and a probed call.
  kRefused,     // Refused, and no program was seen to continue after that.
  kUnfiltered,  // The kernel exempts it from seccomp.
};
std::string_view RefusedAgainName(RefusedAgain outcome);  // "allowed", "depends", "same" …

struct CheckedRefusal {
  SyscallId id;
  RefusedCall call;             // For this ABI only; `allowed` is unused.
  std::vector<Action> answers;  // As in CheckedCall; empty for kUnfiltered.
  RefusedAgain outcome = RefusedAgain::kRefused;
  bool operator==(const CheckedRefusal&) const = default;
};

struct CheckResult {
  Abi native_abi = Abi::kX86_64;  // The recording's.
  bool complete = false;          // Whether the recording is.
  uint64_t runs = 0;              // The runs with a checked call.
  uint64_t checked = 0;  // The checked calls, without repetition; a call of both programs and runtime counts twice.
  // In both lists the programs' calls precede the runtime's; ascending by call.
  std::vector<CheckedCall> refused;  // Refused for all arguments that the call can have had.
  std::vector<CheckedCall> depends;  // Let through for some of them, or as a tracer or supervisor decides.
  // Calls that a filter refused while recording; ascending by call, not counted in `checked`.
  std::vector<CheckedRefusal> refused_before;
  // Whether the program would get a refusal after which it was not seen to continue.
  bool HasRefusals() const;
  bool operator==(const CheckResult&) const = default;
};

// Checks `calls`, `baseline_calls` and `denials`. Not checked are calls that the runtime made before there was a
// filter, and calls that the kernel exempts from seccomp: according to the version of `kernel`, or IsExemptFromSeccomp
// if unknown. SCMP_ACT_LOG lets a call through. Recorded arguments decide in the combinations that were recorded; for
// arguments that are open, pointed to or not recorded, all values count. An incomplete recording is checked, too.
//
// Fails as Compile does. kInvalidArgument if the profile's ABIs are not served on the recording's architecture.
absl::StatusOr<CheckResult> Check(const Profile& profile, const Recording& recording,
                                  std::optional<KernelVersion> kernel = std::nullopt);

}  // namespace syscarve
