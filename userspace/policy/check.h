// SPDX-License-Identifier: Apache-2.0
// What a profile would refuse of what was recorded. Nothing is run: the profile is compiled as a container runtime
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
  bool by_runtime = false;          // The container runtime made it, under the filter that was in force.
  std::vector<Action> answers;      // The filter's possible actions, the most restrictive first; at least one.
  std::vector<Sighting> sightings;  // In the order of runs, then subjects.
  uint64_t count() const;           // Over all sightings; at most UINT64_MAX.
  bool operator==(const CheckedCall&) const = default;
};

// What would become of a call that a filter refused while recording.
enum class RefusedAgain {
  kAllowed,     // Let through; what the program does then is not in the recording.
  kDepends,     // Let through with some arguments, or as a tracer or supervisor decides.
  kSame,        // Answered as while recording, when the program was not killed for it.
  kHarmless,    // ENOSYS, and known to be tried and done without.
  kRefused,     // Refused, and nobody has been seen to go on from that.
  kUnfiltered,  // The kernel exempts it from seccomp.
};
std::string_view RefusedAgainName(RefusedAgain outcome);  // "allowed", "depends", "same" …

struct CheckedRefusal {
  SyscallId id;
  RefusedCall call;             // Of this ABI only; `allowed` is not used.
  std::vector<Action> answers;  // As of CheckedCall; empty for kUnfiltered.
  RefusedAgain outcome = RefusedAgain::kRefused;
  bool operator==(const CheckedRefusal&) const = default;
};

struct CheckResult {
  Abi native_abi = Abi::kX86_64;  // Of the recording.
  bool complete = false;          // Whether the recording is.
  uint64_t runs = 0;              // That made a call which was checked.
  uint64_t checked = 0;           // Different calls that were checked; one that both made counts for each.
  // Each with the programs' calls first, then the runtime's; ascending by call.
  std::vector<CheckedCall> refused;  // Not let through with any arguments that it can have had.
  std::vector<CheckedCall> depends;  // Let through with some, or as a tracer or supervisor decides.
  // What a filter refused while recording; ascending by call, not counted in `checked`.
  std::vector<CheckedRefusal> refused_before;
  // Whether the program would meet a refusal that it has not been seen to go on from.
  bool HasRefusals() const;
  bool operator==(const CheckResult&) const = default;
};

// Checks `calls`, `baseline_calls` and `denials`. Calls that the runtime made before there was a filter are not
// checked, nor those that the kernel exempts from seccomp: by the version of `kernel`, or where nothing else is known.
// SCMP_ACT_LOG lets a call through. Recorded values of an argument decide when none is missing among them; how the
// values of several arguments went together is not recorded, so all combinations count. An incomplete recording is
// checked all the same.
//
// As Compile fails. kInvalidArgument: the recording's architecture is not one that the profile's ABIs are served on.
absl::StatusOr<CheckResult> Check(const Profile& profile, const Recording& recording,
                                  std::optional<KernelVersion> kernel = std::nullopt);

}  // namespace syscarve
