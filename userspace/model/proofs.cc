// SPDX-License-Identifier: Apache-2.0
#include "userspace/model/proofs.h"

#include <algorithm>

namespace syscarve {
namespace {

template <typename Key>
void Join(const std::map<Key, ProvenNeed>& more, std::map<Key, ProvenNeed>& kept) {
  for (const auto& [key, need] : more) {
    ProvenNeed& joined = kept.try_emplace(key, need).first->second;
    joined = std::max(joined, need);
  }
}

}  // namespace

std::string_view ProofVerdictName(ProofVerdict verdict) {
  switch (verdict) {
    case ProofVerdict::kNeeded:
      return "needed";
    case ProofVerdict::kNotNeeded:
      return "not-needed";
    case ProofVerdict::kUndecided:
      break;
  }
  return "undecided";
}

std::optional<ProofVerdict> ProofVerdictFromName(std::string_view name) {
  for (const ProofVerdict verdict : {ProofVerdict::kUndecided, ProofVerdict::kNotNeeded, ProofVerdict::kNeeded}) {
    if (ProofVerdictName(verdict) == name) return verdict;
  }
  return std::nullopt;
}

void JoinProofs(const Proofs& more, Proofs& kept) {
  for (const auto& [subject, proofs] : more) {
    SubjectProofs& joined = kept[subject];
    Join(proofs.capabilities, joined.capabilities);
    Join(proofs.calls, joined.calls);
    Join(proofs.arguments, joined.arguments);
  }
}

}  // namespace syscarve
