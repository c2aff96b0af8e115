// SPDX-License-Identifier: Apache-2.0
// Closure: calls added to a profile although they were not seen, each with its reason (profiles/rules/closure.json,
// profiles/rules/power.json).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/shipped/shipped_data.h"

namespace syscarve {

enum class ClosureMode {
  kNone,
  kSafe,      // What the same program may need for the same work on the same architecture.
  kSteady,    // Also what gives it no power that it was not seen to have: for other work of the same kind.
  kPortable,  // As kSafe, and what it needs with another libc, and on x86_64 and aarch64 alike.
};

// Why one call was added: a rule, and the call of its family that was seen ("" for a rule that always applies).
struct ClosureReason {
  std::string rule;  // ClosureRule::id
  std::string because;
  std::string reason;                         // ClosureRule::reason
  std::vector<ArgumentCondition> conditions;  // The arguments for which it is a reason; empty: any.
  bool operator==(const ClosureReason&) const = default;
};

// The seen calls of all runs.
struct SeenCalls {
  std::set<std::string> names;
  std::set<std::string> by_runtime;             // The part of `names` that only a baseline has.
  std::vector<std::set<std::string>> programs;  // Per program; calls of an unknown program are in `names` only.
};

// The calls that the rules of `mode` add to `seen`: name -> reasons, in the order of the rules. Seen names are never
// among the keys. Added calls do not add further ones, so the set does not depend on the order of the rules.
std::map<std::string, std::vector<ClosureReason>> Close(std::span<const ClosureRule> rules, ClosureMode mode,
                                                        const SeenCalls& seen);

// The calls of rules with `incidental`, seen or not: name -> ClosureRule::id. Which of them are seen varies by chance;
// a profile lists them under that rule either way, so that its bytes do not vary.
std::map<std::string, std::string> IncidentalCalls(std::span<const ClosureRule> rules, ClosureMode mode,
                                                   const SeenCalls& seen);

// The architecture that a portable profile lists beside `native`, or nullopt.
std::optional<Abi> OtherArchitecture(Abi native);

}  // namespace syscarve
