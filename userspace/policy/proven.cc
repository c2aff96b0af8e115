// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/proven.h"

#include <algorithm>
#include <set>
#include <string>

#include "userspace/base/concat.h"

namespace syscarve {
namespace {

template <typename Key>
void KeepWhatHolds(const Proofs& proofs, const std::set<std::string>& subjects,
                   std::map<Key, ProvenNeed> SubjectProofs::*part, std::map<Key, ProvenNeed>& result) {
  std::map<Key, size_t> dispensed_with;
  for (const auto& [subject, proven] : proofs) {
    for (const auto& [key, need] : proven.*part) {
      if (need.verdict == ProofVerdict::kNeeded) {
        result.try_emplace(key, need);
      } else if (need.verdict == ProofVerdict::kNotNeeded && subjects.contains(subject)) {
        ++dispensed_with[key];
      }
    }
  }
  for (const auto& [key, count] : dispensed_with) {
    if (count == subjects.size()) result.try_emplace(key, ProvenNeed{.verdict = ProofVerdict::kNotNeeded, .why = ""});
  }
}

}  // namespace

SubjectProofs ProvenOf(std::span<const Recording> recordings) {
  Proofs proofs;
  std::set<std::string> subjects;
  for (const Recording& recording : recordings) {
    JoinProofs(recording.proofs, proofs);
    for (const Subject& subject : recording.subjects) subjects.insert(subject.name);
  }
  SubjectProofs result;
  KeepWhatHolds(proofs, subjects, &SubjectProofs::capabilities, result.capabilities);
  KeepWhatHolds(proofs, subjects, &SubjectProofs::calls, result.calls);
  return result;
}

void ApplyProven(const std::map<int, ProvenNeed>& proven, std::vector<CapabilityVerdict>& verdicts) {
  for (const auto& [capability, need] : proven) {
    auto place = std::ranges::lower_bound(verdicts, capability, {}, &CapabilityVerdict::capability);
    const bool asked = place != verdicts.end() && place->capability == capability;
    if (need.verdict == ProofVerdict::kNeeded) {
      if (!asked) place = verdicts.insert(place, {.capability = capability});
      place->verdict = Verdict::kNeeded;
      place->why = Concat("Proven needed: without it, ", need.why, ".");
    } else if (asked && (place->verdict == Verdict::kNeeded || place->verdict == Verdict::kPossible ||
                         place->verdict == Verdict::kFailed || place->verdict == Verdict::kUndecided)) {
      place->verdict = Verdict::kNotNeeded;
      place->why = "Proven not needed: a run without it does not differ.";
    }
  }
}

}  // namespace syscarve
