// SPDX-License-Identifier: Apache-2.0
// What `generate` tells people about the profile it made.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "userspace/policy/generate.h"

namespace syscarve {

// How many of the native ABI's calls a profile leaves, of how many that the table has.
struct Reach {
  size_t allowed = 0;
  size_t kernel = 0;
};
Reach NativeReach(const GeneratedProfile& made);

// "67 of the kernel's 362 x86_64 calls are left (51 seen, …); other calls …", without a newline.
std::string FirstSummaryLine(const GeneratedProfile& made);

// Where the container runtime's own calls in it are known from: "observed; go-runtime", or "none".
std::string BaselineSummary(const GeneratedProfile& made);

// What each rule of closure cost: "added by closure: abort 5, end 3", counting the calls that nothing else allows; ""
// when there is none.
std::string ClosureCosts(const GeneratedProfile& made);

// What a ceiling has cut, what it or closure has narrowed, and what was left out for want of conditions, a line each:
// every cut call that there was a reason for on its own; those that closure would have added are only counted.
std::vector<std::string> CeilingLines(const GeneratedProfile& made);

// What was left out because it was proven not to be needed; "" for nothing.
std::string NotNeededLine(const GeneratedProfile& made);

// What of a life was not recorded, "not exercised: stops: was killed, …", a line each; may hold an adversary's bytes.
std::vector<std::string> UnexercisedLines(std::span<const Gap> gaps);

// What a filter refused while recording that programs are known to do without, at most `most` calls of it; "" when
// there is nothing.
std::string HarmlessLine(const GeneratedProfile& made, size_t most);

// What GenerateSummary says of capabilities.
std::string CapabilitySummary(const GeneratedProfile& made);

// A few lines for a terminal, each with a newline, safe to print. Warnings are not among them.
std::string GenerateSummary(const GeneratedProfile& made);

}  // namespace syscarve
