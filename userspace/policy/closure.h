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
  std::vector<ArgumentCondition> conditions;  // Under which it is a reason at all; empty: any arguments.
  bool operator==(const ClosureReason&) const = default;
};

// What was seen, over all runs.
struct SeenCalls {
  std::set<std::string> names;
  std::set<std::string> by_runtime;             // Of these, what nothing but a baseline makes.
  std::vector<std::set<std::string>> programs;  // Of each program; what cannot be told of any is in `names` only.
};

// What the rules that `mode` has add to `seen`: name -> reasons, in the order of the rules. Names that were seen are
// never among the keys. Added calls add no further ones, so the order of the rules does not matter for the set.
std::map<std::string, std::vector<ClosureReason>> Close(std::span<const ClosureRule> rules, ClosureMode mode,
                                                        const SeenCalls& seen);

// The calls, seen or not, of rules with `incidental`: which of them are seen is a matter of chance: name ->
// ClosureRule::id. A profile lists them under that rule either way, so that this does not change its bytes.
std::map<std::string, std::string> IncidentalCalls(std::span<const ClosureRule> rules, ClosureMode mode,
                                                   const SeenCalls& seen);

// The architecture that a portable profile lists beside `native`, or nullopt.
std::optional<Abi> OtherArchitecture(Abi native);

}  // namespace syscarve
