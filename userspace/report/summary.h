// SPDX-License-Identifier: Apache-2.0
// The summary that `generate` prints about the generated profile.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "userspace/policy/generate.h"

namespace syscarve {

// How many of the native ABI's calls a profile allows, and how many its table has.
struct Reach {
  size_t allowed = 0;
  size_t kernel = 0;
};
Reach NativeReach(const GeneratedProfile& made);

// "67 of the kernel's 362 x86_64 calls are left (51 seen, …); other calls …", without a newline.
std::string FirstSummaryLine(const GeneratedProfile& made);

// The sources of its baseline: "observed; go-runtime", or "none".
std::string BaselineSummary(const GeneratedProfile& made);

// The number of calls that each rule of closure added and no other reason allows: "added by closure: abort 5, end 3";
// "" if there are none.
std::string ClosureCosts(const GeneratedProfile& made);

// Lines about the calls that a ceiling cut, those that it or closure narrowed, and those left out because conditions
// cannot be expressed. Of cut calls, those that only closure would have added are counted, all others named.
std::vector<std::string> CeilingLines(const GeneratedProfile& made);

// The calls left out because they were proven not to be needed; "" if there are none.
std::string NotNeededLine(const GeneratedProfile& made);

// The parts of a life that were not exercised, one line each: "not exercised: stops: was killed, …"; may contain
// untrusted bytes.
std::vector<std::string> UnexercisedLines(std::span<const Gap> gaps);

// The calls that a filter refused while recording and that programs are known to work without, at most `most` of them;
// "" if there are none.
std::string HarmlessLine(const GeneratedProfile& made, size_t most);

// The part of GenerateSummary about capabilities.
std::string CapabilitySummary(const GeneratedProfile& made);

// A few lines for a terminal, each with a newline, safe to print. Does not contain warnings.
std::string GenerateSummary(const GeneratedProfile& made);

}  // namespace syscarve
