// SPDX-License-Identifier: Apache-2.0
// The results of `prove` for the subjects of a recording: the capabilities, calls and arguments that they need, found
// by runs without them.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace syscarve {

// In ascending order of precedence.
enum class ProofVerdict {
  kUndecided,  // Not tried, or trying was not possible.
  kNotNeeded,  // A run without all capabilities, calls or arguments of this verdict does not differ.
  kNeeded,     // A run without it, but with everything else that is needed, differs.
};
std::string_view ProofVerdictName(ProofVerdict verdict);  // "undecided", "not-needed", "needed".
std::optional<ProofVerdict> ProofVerdictFromName(std::string_view name);

struct ProvenNeed {
  ProofVerdict verdict = ProofVerdict::kUndecided;
  // kNeeded: the difference without it. kUndecided: the reason. Without a full stop; untrusted.
  std::string why;
  auto operator<=>(const ProvenNeed&) const = default;
};

// A call with values of its recorded arguments (model/seen_arguments.h).
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

// Adds `more` to `kept`. Of two verdicts on one item the one of higher precedence is kept. Commutative, associative and
// idempotent.
void JoinProofs(const Proofs& more, Proofs& kept);

}  // namespace syscarve
