// SPDX-License-Identifier: Apache-2.0
// Calls that a filter already in force refused while recording: which of them programs are known to try and to go on
// without, and which may be why something did not work.
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

// One answer to one call in one run of one subject.
struct Refusal {
  int answer = 0;     // As Denial::errno_value.
  Sighting sighting;  // `count` and `programs` are of this answer; when it was first given is not recorded.
  bool operator==(const Refusal&) const = default;
};

// `denial` as the refusal of one call by one subject in one run of `recording`.
Refusal RefusalOf(const Recording& recording, const Run& run, std::string_view subject, SyscallId id,
                  const Denial& denial);

struct RefusedCall {
  std::string name;               // As DisplayName where the number has none.
  std::vector<Refusal> refusals;  // At least one.
  // Who is known to try the call, and to do without where there is none (profiles/rules/errno.json); "" for nobody.
  std::string probed_by;
  bool allowed = false;  // By the profile that is made.

  // Answered as by a kernel without the call, which those who try it are known to reckon with.
  bool IsHarmless(const Refusal& refusal) const;
  // Every refusal is.
  bool IsHarmless() const;
  bool operator==(const RefusedCall&) const = default;
};

// That of the name, or nullptr.
const RefusedCall* FindRefused(std::span<const RefusedCall> refused, std::string_view name);

// What one kind of answer did to one call, over all runs and subjects. Sums are at most UINT64_MAX.
struct RefusalTotal {
  int answer = 0;  // As Denial::errno_value.
  uint64_t count = 0;
  std::map<std::string, uint64_t> programs;  // Count by ProgramLabel.
};
// Of what was not harmless, ascending by answer.
std::vector<RefusalTotal> RefusalTotals(const RefusedCall& call);

// `call.probed_by` of a call of that name.
std::string ProbedBy(const ErrnoPolicy& policy, const std::string& name);

// Sentences for a terminal, about what the profile does not allow either and was not harmless: with how each call was
// answered, how often and in which programs; those of which somebody may have died first. A bounded number of bounded
// length; an adversary's bytes are in them.
std::vector<std::string> RefusalWarnings(std::span<const RefusedCall> refused);

// "clone3 (3 times), rseq (1 time) and 4 more": what was harmless and is not allowed, at most `most` of them; "" when
// there is nothing.
std::string HarmlessRefusals(std::span<const RefusedCall> refused, size_t most);

}  // namespace syscarve
