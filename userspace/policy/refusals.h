// SPDX-License-Identifier: Apache-2.0
// Calls that a filter in force refused while recording: those that are known to be probed, and those that may be the
// reason why something failed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/policy/sighting.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

// One result of one refused call, in one run of one subject.
struct Refusal {
  int answer = 0;     // As Denial::errno_value.
  Sighting sighting;  // `count` and `programs` are of this result; the time of the first refusal is not recorded.
  bool operator==(const Refusal&) const = default;
};

// `denial` as the refusal of one call by one subject in one run of `recording`.
Refusal RefusalOf(const Recording& recording, const Run& run, std::string_view subject, SyscallId id,
                  const Denial& denial);

struct RefusedCall {
  std::string name;               // DisplayName if the number has no name.
  std::vector<Refusal> refusals;  // At least one.
  // The program or library that is known to probe the call (profiles/rules/errno.json); "" if none.
  std::string probed_by;
  bool allowed = false;  // By the generated profile.

  // Whether a probed call got ENOSYS, as from a kernel without the call.
  bool IsHarmless(const Refusal& refusal) const;
  // Whether every refusal is harmless.
  bool IsHarmless() const;
  bool operator==(const RefusedCall&) const = default;
};

// The element with this name, or nullptr.
const RefusedCall* FindRefused(std::span<const RefusedCall> refused, std::string_view name);

// All refusals of one call with one result, over all runs and subjects. Sums saturate at UINT64_MAX.
struct RefusalTotal {
  int answer = 0;  // As Denial::errno_value.
  uint64_t count = 0;
  std::map<std::string, uint64_t> programs;  // Count by ProgramLabel.
};
// The totals of refusals that were not harmless, ascending by result.
std::vector<RefusalTotal> RefusalTotals(const RefusedCall& call);

// RefusedCall::probed_by for a call of this name.
std::string ProbedBy(const ErrnoPolicy& policy, const std::string& name);

// Sentences for a terminal about calls that the profile does not allow and whose refusals were not harmless, with the
// result, count and programs of each; calls that may have killed a program come first. Their number and length are
// bounded; untrusted.
std::vector<std::string> RefusalWarnings(std::span<const RefusedCall> refused);

// "clone3 (3 times), rseq (1 time) and 4 more": at most `most` harmless refusals of calls that are not allowed; "" if
// there are none.
std::string HarmlessRefusals(std::span<const RefusedCall> refused, size_t most);

}  // namespace syscarve
