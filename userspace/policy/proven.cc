// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/proven.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

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

template <typename Key>
std::set<Key> NotNeeded(const std::map<Key, ProvenNeed>& proven) {
  std::set<Key> keys;
  for (const auto& [key, need] : proven) {
    if (need.verdict == ProofVerdict::kNotNeeded) keys.insert(key);
  }
  return keys;
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
  KeepWhatHolds(proofs, subjects, &SubjectProofs::arguments, result.arguments);
  return result;
}

std::set<std::string> DispensableCalls(const SubjectProofs& proven) {
  return NotNeeded(proven.calls);
}

std::set<CallWithValues> DispensableArguments(const SubjectProofs& proven) {
  return NotNeeded(proven.arguments);
}

std::set<std::string> CallsOfNothingBut(const std::set<CallWithValues>& arguments, const Evidence& evidence) {
  std::set<std::string> candidates;
  std::set<std::string> others;
  for (const auto& [id, known] : evidence.arguments) {
    const std::optional<std::string> name = SyscallName(id);
    if (!name.has_value()) continue;
    const bool nothing_but = known.seen.has_value() && !known.seen->open && !known.seen->values.empty() &&
                             std::ranges::all_of(known.seen->values, [&](const auto& seen) {
                               return arguments.contains({.call = *name, .values = seen.first});
                             });
    (nothing_but ? candidates : others).insert(*name);
  }
  std::erase_if(candidates, [&](const std::string& name) { return others.contains(name); });
  return candidates;
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
