// SPDX-License-Identifier: Apache-2.0
// What the reports of a Diff share: order, and words.
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

// DiffReport::diff.calls in three parts; one that is looser for some arguments and tighter for others is among the
// looser. Families come in the order of their risk. Points into the report.
struct RankedChanges {
  std::vector<FamilyChanges> looser;
  std::vector<FamilyChanges> tighter;
  std::vector<FamilyChanges> other;
};
RankedChanges Rank(const DiffReport& report);

// "looser (highest risk: high)"; with "other errors only" where nothing but these changed.
std::string VerdictWords(const DiffReport& report);

// "3 calls newly or more widely allowed, 1 call tighter, 2 calls refused with another answer", over all parts of the
// diff, each name once per part; numbers without a name are not counted.
std::string CountWords(const DiffReport& report);

// So many names of one change are listed, whatever they are about.
inline constexpr size_t kFewNames = 40;

// How many calls a list of changes speaks of.
size_t CountOf(const std::vector<FamilyChanges>& families);

// "connect", or "connect (x86_64 and i386)" unless it is about the native ABI alone.
std::string CallTitle(const CallChange& change, Abi native);

// "refused with EPERM -> allowed", with `arrow` for the arrow.
std::string AnswerWords(const ActionChange& answer, std::string_view arrow);

// "" whatever the arguments; else "if arg0 == 0x9, or arg0 == 0xa", all of it or shortened when long.
enum class Length { kShort, kWhole };
std::string WhenWords(const ActionChange& answer, Length length);

// "" whatever the arguments; else "personality(0x9)".
std::string ExampleWords(const CallChange& change, const ActionChange& answer);

// What a change of many calls is about: "numbers without a name, those of the future among them, and 312 calls with a
// name".
std::string ManyWords(const CallChange& change);

// "i386: every call killed …": the ABI's sentence.
std::string AbiWords(const AbiChange& change);

// The names of `change` that are not low, the most risky first, at most `limit`.
std::vector<std::string> Riskiest(const DiffReport& report, const CallChange& change, size_t limit);

// Where a call comes from, in a sentence without a full stop: for what is newly allowed or no longer. May hold an
// adversary's bytes.
std::string OriginWords(const CallEvidence& evidence, bool looser);

// The evidence for a change of one call, or nullptr.
const CallEvidence* EvidenceFor(const DiffReport& report, const std::string& name);

// The sightings to show for a change: those in the new recordings where there are any, else those in the old ones.
const std::vector<Sighting>& SightingsToShow(const CallEvidence& evidence);

}  // namespace syscarve
