// SPDX-License-Identifier: Apache-2.0
// From capability checks to needs: a verdict for every capability that a recording has evidence of. A checked
// capability need not be a needed one; docs/profile-semantics.md has the reasoning, profiles/rules/capabilities.json
// the rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "userspace/model/capability.h"
#include "userspace/model/recording.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

enum class Verdict {
  kNeeded,  // Granted during a call that fails without it, according to the evidence.
  // Always refused, during a call for which no rule marks the check as opportunistic, and the command ended with an
  // error.
  kPossible,
  kFailed,  // Always refused; the call failed with EPERM or EACCES, and the program ended with an error at once.
  // Granted during a call that may have the same result without it, or failed all the same, and nothing recorded
  // decides it: only a run without it does. Recommended, so that nothing breaks.
  kUndecided,
  kOpportunistic,  // Only checked where the call continues whatever the result.
  kAlternative,    // Another capability, a weaker one or one that is needed anyway, passes the same check.
  kForeign,    // Only checked with overridden credentials or against another user namespace: not a need of the subject.
  kSurvived,   // Always refused; the results of the calls are known, and no program ended because of it.
  kUnused,     // Checked and always refused, not only opportunistically: the program worked without, as far as known.
  kNotNeeded,  // Would be one of the first three, but was proven not to be needed (proven.h).
};

// "needed", "possible", "refused-and-failed", "undecided", "opportunistic", "alternative", "foreign",
// "refused-and-survived", "unused", "not-needed".
std::string_view VerdictName(Verdict verdict);

struct CapabilityVerdict {
  int capability = 0;
  Verdict verdict = Verdict::kUnused;
  uint64_t granted = 0;  // Over all calls, without foreign checks.
  uint64_t denied = 0;
  // The calls that the verdict rests on, as DisplayName, or "no call" outside any; sorted.
  std::vector<std::string> calls;
  std::string why;  // One sentence.
  bool operator==(const CapabilityVerdict&) const = default;
};

// The runs in which capabilities were granted: at most kMostRuns for each capability and place.
struct CapabilityRuns {
  static constexpr size_t kMostRuns = 4;
  using Place = std::pair<std::optional<SyscallId>, CapabilitySite>;
  uint64_t count = 0;  // Total runs.
  std::map<int, std::map<Place, std::set<uint64_t>>> granted;
};

// Adds the use of `capability` in the latest run of `runs`.
void AddCapabilityRun(int capability, const CapabilityUse& use, CapabilityRuns& runs);

// Adds to `uses` the capabilities that capset(2) set, as if the kernel had checked them: they must already be
// permitted, or the call fails (cap_capset, security/commoncap.c), but there is no check. Taken from the recorded
// arguments of `calls`, for capabilities 0 to 31 and for small sets only: a large set is taken for the program's own
// with something removed.
void AddSetCapabilities(const std::map<SyscallId, Observation>& calls, std::map<int, CapabilityUse>& uses);

// Adds `more` to `sum`, check by check.
void AddCapabilityUse(const CapabilityUse& more, CapabilityUse& sum);

// Whether a command that ended like this may have lacked something: it neither succeeded nor was stopped by SIGINT or
// SIGTERM.
bool HasFailed(const CommandEnd& end);

// One verdict per capability, ascending by number. `in_failed` is the part of `uses` from commands that HasFailed.
std::vector<CapabilityVerdict> JudgeCapabilities(const CapabilityData& data, const std::map<int, CapabilityUse>& uses,
                                                 const std::map<int, CapabilityUse>& in_failed = {},
                                                 const CapabilityRuns& runs = {});

// The capabilities that include all of `capability`, by the chains of `data`: CAP_DAC_OVERRIDE for CAP_DAC_READ_SEARCH.
std::vector<int> WiderCapabilities(const CapabilityData& data, int capability);

// The names of the needed and undecided capabilities, ascending by number: those to add after dropping all.
std::vector<std::string> NeededCapabilities(std::span<const CapabilityVerdict> verdicts);

}  // namespace syscarve
