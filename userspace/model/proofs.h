// SPDX-License-Identifier: Apache-2.0
// What `prove` found about the subjects of a recording: the capabilities, calls and arguments that they need, by
// running them without.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

// In the order in which one overrules another.
enum class ProofVerdict {
  kUndecided,  // Not tried, or it could not be.
  kNotNeeded,  // A run without all of these does not differ.
  kNeeded,     // A run without it, but with everything else that is needed, differs.
};
std::string_view ProofVerdictName(ProofVerdict verdict);  // "undecided", "not-needed", "needed".
std::optional<ProofVerdict> ProofVerdictFromName(std::string_view name);

struct ProvenNeed {
  ProofVerdict verdict = ProofVerdict::kUndecided;
  // kNeeded: the difference without it. kUndecided: the reason. No full stop; an adversary's bytes.
  std::string why;
  auto operator<=>(const ProvenNeed&) const = default;
};

// A call with these values of the arguments that are recorded of it (model/seen_arguments.h).
struct CallWithValues {
  std::string call;
  std::vector<uint64_t> values;
  auto operator<=>(const CallWithValues&) const = default;
};

struct SubjectProofs {
  std::map<int, ProvenNeed> capabilities;   // By number.
  std::map<std::string, ProvenNeed> calls;  // By name.
  std::map<CallWithValues, ProvenNeed> arguments;
  bool operator==(const SubjectProofs&) const = default;
};

// By Subject::name.
using Proofs = std::map<std::string, SubjectProofs>;

// Adds `more` to `kept`. Of two verdicts on the same thing the one that overrules stays. Commutative, associative and
// idempotent.
void JoinProofs(const Proofs& more, Proofs& kept);

}  // namespace syscarve
