// SPDX-License-Identifier: Apache-2.0
// Common parts of the reports of a Diff: order and texts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/report/diff.h"

namespace syscarve {

// Calls of one family, the most risky first.
struct FamilyChanges {
  std::string family;
  RiskLevel level = RiskLevel::kLow;  // The highest among them.
  std::vector<const CallChange*> changes;
};

// DiffReport::diff.calls in three parts; a call that is looser for some arguments and tighter for others is in
// `looser`. Families are in descending order of risk. Points into the report.
struct RankedChanges {
  std::vector<FamilyChanges> looser;
  std::vector<FamilyChanges> tighter;
  std::vector<FamilyChanges> other;
};
RankedChanges Rank(const DiffReport& report);

// "looser (highest risk: high)"; with "other errors only" if only errnos changed.
std::string VerdictWords(const DiffReport& report);

// "3 calls newly or more widely allowed, 1 call tighter, 2 calls refused in another way", over all parts of the
// diff, each name once per part; numbers without a name are not counted.
std::string CountWords(const DiffReport& report);

// The limit of listed names for one change.
inline constexpr size_t kFewNames = 40;

// The number of calls in a list of changes.
size_t CountOf(const std::vector<FamilyChanges>& families);

// "connect" if the change is only of the native ABI, otherwise "connect (x86_64 and i386)".
std::string CallTitle(const CallChange& change, Abi native);

// "refused with EPERM -> allowed", with `arrow` in place of "->".
std::string AnswerWords(const ActionChange& answer, std::string_view arrow);

// "if arg0 == 0x9, or arg0 == 0xa", shortened if long and kShort; "" if the change is for all arguments; another
// sentence if the conditions are too many to list.
enum class Length { kShort, kWhole };
std::string WhenWords(const ActionChange& answer, Length length);

// "personality(0x9)"; "" if the change is for all arguments.
std::string ExampleWords(const CallChange& change, const ActionChange& answer);

// The calls of a change of many: "numbers without a name, those of the future among them, and 312 calls with a name".
std::string ManyWords(const CallChange& change);

// The sentence about an ABI: "i386: every call killed …".
std::string AbiWords(const AbiChange& change);

// The names of `change` whose risk is not low, in descending order of risk, at most `limit`.
std::vector<std::string> Riskiest(const DiffReport& report, const CallChange& change, size_t limit);

// The origin of a call that is newly allowed (`looser`) or no longer allowed, as a sentence without a full stop. May
// contain untrusted bytes.
std::string OriginWords(const CallEvidence& evidence, bool looser);

// The evidence for a change of one call, or nullptr.
const CallEvidence* EvidenceFor(const DiffReport& report, const std::string& name);

// The sightings to show for a change: those in the new recordings or, if there are none, in the old ones.
const std::vector<Sighting>& SightingsToShow(const CallEvidence& evidence);

}  // namespace syscarve
