// SPDX-License-Identifier: Apache-2.0
// The difference between two profiles by meaning: which calls, with which arguments, get another action.
//
//   SYSCARVE_ASSIGN_OR_RETURN(const Diff diff, DiffMeanings(before, after, sets));
//   if (diff.looser) …
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/argument_sets.h"
#include "userspace/seccomp/decision.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"
#include "userspace/shipped/risk.h"

namespace syscarve {

// A set of arguments whose action changed from `before` to `after`.
struct ActionChange {
  Action before;
  Action after;
  Comparison direction = Comparison::kOtherRefusal;  // Never kSame.
  // Alternatives: the set is where all conditions of one of them hold. A single one without conditions means all
  // arguments. Empty if too many conditions would be needed; then there is only the example.
  std::vector<std::vector<ArgumentCondition>> when;
  Arguments example = {};  // Arguments in the set.
  bool operator==(const ActionChange&) const = default;
};

// Calls that changed, all in the same way.
struct CallChange {
  std::vector<std::string> names;  // Sorted; empty if the change is only of numbers without a name.
  std::vector<int> numbers;        // Numbers without a name, ascending.
  bool future = false;             // Also numbers beyond all tables: the default action, which future calls get.
  std::vector<Abi> abis;
  std::vector<ActionChange> answers;  // At least one; ascending by `before`, then `after`.
  bool operator==(const CallChange&) const = default;

  bool Has(Comparison direction) const;
  // Whether some arguments are newly let through, or newly left to a supervisor or tracer. Other looser changes, such
  // as ENOSYS instead of a kill, give nothing away.
  bool Opens() const;
};

// A change of an ABI all of whose calls had the same action before, or have the same action now.
struct AbiChange {
  Abi abi = Abi::kX86_64;
  std::optional<Action> before;  // The action of all calls; nullopt if it depends on the call.
  std::optional<Action> after;
  std::vector<CallChange> changes;  // Of all its calls, grouped by equal change; opening changes first.
  bool operator==(const AbiChange&) const = default;
};

// A call of a live filter that cannot be compared.
struct UnclearCall {
  SyscallId id;
  std::string why;
  bool operator==(const UnclearCall&) const = default;
};

struct Diff {
  std::vector<AbiChange> abis;
  // Changes of numbers without a name. A named call that changed in the same way as future calls is among the names
  // here and not in `calls`, because a change of the default action is one change.
  std::vector<CallChange> unnamed;
  std::vector<CallChange> calls;  // One name each, ascending; ABIs with the same change are joined.
  std::vector<UnclearCall> unclear;
  bool looser = false;   // Something is looser.
  bool tighter = false;  // Something is tighter.
  bool operator==(const Diff&) const = default;

  // Whether there is no change, apart from `unclear` calls.
  bool empty() const { return abis.empty() && unnamed.empty() && calls.empty(); }
};

// "same", "looser", "tighter" or "mixed"; "same" if only errnos changed.
std::string_view VerdictOf(const Diff& diff);

// kInvalidArgument if the two have different native ABIs, kResourceExhausted if they are too complex.
absl::StatusOr<Diff> DiffMeanings(const Meaning& before, const Meaning& after);

// The names of all calls that are looser on any ABI, in any part of `diff`, ascending.
std::vector<std::string> LooserNames(const Diff& diff);

// The risk of a change of one call: if it opens the call, that of the arguments which it opens; otherwise the call's.
Risk RiskBehind(const CallChange& change, const Risks& risks);

// The risk of a change: if it opens its calls, the highest risk among them (for numbers without a name, see RiskOf),
// otherwise low.
RiskLevel RiskOfChange(const CallChange& change, const Risks& risks);

// The highest RiskOfChange among the looser changes; nullopt if there are none.
std::optional<RiskLevel> LooserRisk(const Diff& diff, const Risks& risks);

}  // namespace syscarve
