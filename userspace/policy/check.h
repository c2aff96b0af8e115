// What a profile would have refused of what was recorded. Nothing is run: the profile is compiled as a container
// runtime compiles it, and the filter is asked about each recorded call, over all arguments that the call can have had.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const CheckResult result, Check(profile, recording));
//   if (!result.refused.empty()) …
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/profile.h"
#include "userspace/model/recording.h"
#include "userspace/policy/generate.h"

namespace syscarve {

// A recorded call that the profile does not simply let through.
struct CheckedCall {
  SyscallId id;
  bool by_runtime = false;          // The container runtime made it, under the filter that was in force.
  std::vector<Action> answers;      // What the filter may answer, the most restrictive first; at least one.
  std::vector<Sighting> sightings;  // In the order of runs, then subjects.
  uint64_t count() const;           // Over all sightings; at most UINT64_MAX.
  bool operator==(const CheckedCall&) const = default;
};

struct CheckResult {
  Abi native_abi = Abi::kX86_64;  // Of the recording.
  bool complete = false;          // Whether the recording is.
  uint64_t checked = 0;           // Different calls that were asked about; one that both made counts for each.
  // Each with the programs' calls first, then the runtime's; ascending by call.
  std::vector<CheckedCall> refused;  // Not let through with any arguments that it can have had.
  std::vector<CheckedCall> depends;  // Let through with some, or as a tracer or supervisor decides.
  bool operator==(const CheckResult&) const = default;
};

// Asks about `calls` and `baseline_calls`. Calls that the runtime made before there was a filter, and calls that
// another filter refused while recording, are not asked about. SCMP_ACT_LOG lets a call through. Recorded values of an
// argument decide when none is missing among them; how the values of several arguments went together is not recorded,
// so all combinations count. An incomplete recording is checked all the same.
//
// As Compile fails. kInvalidArgument: the recording's architecture is not one that the profile's ABIs are served on.
absl::StatusOr<CheckResult> Check(const Profile& profile, const Recording& recording);

}  // namespace syscarve
