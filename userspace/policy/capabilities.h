// SPDX-License-Identifier: Apache-2.0
// From capability checks to needs: a verdict for every capability that a recording has evidence of.
// Checked is not needed; docs/profile-semantics.md has the reasoning, profiles/rules/capabilities.json the rules.
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
  kNeeded,         // Granted during a call that fails without it, as far as the evidence goes.
  kPossible,       // Always refused, during a call for which no rule has the check as opportunistic, and the
                   // command ended with an error.
  kFailed,         // Always refused; the call failed with EPERM or EACCES, and the program ended with an error at once.
  kUndecided,      // Granted where the call may come out the same without it, or failed all the same, and nothing
                   // recorded decides it: only a run without it does. Recommended, so that nothing breaks.
  kOpportunistic,  // Only checked where the call goes on whatever the result.
  kAlternative,    // Another capability, a weaker one or one that is needed anyway, passes the same check.
  kForeign,    // Only checked with overridden credentials or against another user namespace: not the subject's need.
  kSurvived,   // Always refused; what came of the calls is known, and no program ended because of it.
  kUnused,     // Checked and always refused, not only opportunistically: the program lived without, as far as is known.
  kNotNeeded,  // It would be one of the first three, but was proven not to be (proven.h).
};

// "needed", "possible", "refused-and-failed", "undecided", "opportunistic", "alternative", "foreign",
// "refused-and-survived", "unused", "not-needed".
std::string_view VerdictName(Verdict verdict);

struct CapabilityVerdict {
  int capability = 0;
  Verdict verdict = Verdict::kUnused;
  uint64_t granted = 0;  // Over all calls; foreign checks not counted.
  uint64_t denied = 0;
  // The calls that the verdict rests on, as DisplayName, or "no call" outside any; sorted.
  std::vector<std::string> calls;
  std::string why;  // One sentence.
  bool operator==(const CapabilityVerdict&) const = default;
};

// In which runs capabilities were granted, as far as it is listed: up to kMostRuns of each.
struct CapabilityRuns {
  static constexpr size_t kMostRuns = 4;
  using Place = std::pair<std::optional<SyscallId>, CapabilitySite>;
  uint64_t count = 0;  // Runs, in all.
  std::map<int, std::map<Place, std::set<uint64_t>>> granted;
};

// Adds what the latest run of `runs` saw of `capability`.
void AddCapabilityRun(int capability, const CapabilityUse& use, CapabilityRuns& runs);

// What capset(2) is to set has to be permitted already, or it fails (cap_capset, security/commoncap.c), and the kernel
// checks nothing. Adds this to `uses` as if it had, by what was recorded of the arguments of `calls`: of capabilities 0
// to 31, and of sets that name few. A set of many is taken for what the program held, with something taken away.
void AddSetCapabilities(const std::map<SyscallId, Observation>& calls, std::map<int, CapabilityUse>& uses);

// Adds `more` to `sum`, check by check.
void AddCapabilityUse(const CapabilityUse& more, CapabilityUse& sum);

// Whether a command that ended like that may have missed something: neither success nor stopped by SIGINT or SIGTERM.
bool HasFailed(const CommandEnd& end);

// One verdict per capability, ascending by number. `in_failed` is the part of `uses` from commands that HasFailed.
std::vector<CapabilityVerdict> JudgeCapabilities(const CapabilityData& data, const std::map<int, CapabilityUse>& uses,
                                                 const std::map<int, CapabilityUse>& in_failed = {},
                                                 const CapabilityRuns& runs = {});

// The capabilities that can do all that `capability` can, by the chains of `data`: CAP_DAC_OVERRIDE for
// CAP_DAC_READ_SEARCH.
std::vector<int> WiderCapabilities(const CapabilityData& data, int capability);

// The names of those that are needed or undecided, in ascending order of their numbers: what to add after dropping all.
std::vector<std::string> NeededCapabilities(std::span<const CapabilityVerdict> verdicts);

}  // namespace syscarve
