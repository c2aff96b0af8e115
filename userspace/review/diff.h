// SPDX-License-Identifier: Apache-2.0
// What changed from one profile to another, by meaning: which calls, with which arguments, are answered differently.
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

// The arguments that met `before` and now meet `after`.
struct ActionChange {
  Action before;
  Action after;
  Comparison direction = Comparison::kOtherRefusal;  // Never kSame.
  // Where all conditions of one of these hold. A single one without conditions: whatever the arguments. None: they
  // cannot be told in so few words, and there is only the example.
  std::vector<std::vector<ArgumentCondition>> when;
  Arguments example = {};  // Arguments for which it is so.
  bool operator==(const ActionChange&) const = default;
};

// Calls that are answered differently, all in the same way.
struct CallChange {
  std::vector<std::string> names;  // Sorted. Empty: numbers without a name only.
  std::vector<int> numbers;        // Those without a name, ascending.
  bool future = false;             // Numbers beyond all tables, too: the default, and what calls of the future meet.
  std::vector<Abi> abis;
  std::vector<ActionChange> answers;  // At least one; ascending by `before`, then `after`.
  bool operator==(const CallChange&) const = default;

  bool Has(Comparison direction) const;
  // Whether it is looser and some arguments are let through, or left to a supervisor or tracer, that were not. Other
  // looser changes, such as ENOSYS in place of a kill, give nothing away.
  bool Opens() const;
};

// An ABI all of whose calls met one action, before or now, and not the same.
struct AbiChange {
  Abi abi = Abi::kX86_64;
  std::optional<Action> before;  // What all calls met; nullopt: it depends on the call.
  std::optional<Action> after;
  std::vector<CallChange> changes;  // Of all its calls, those together that changed in the same way; what opens first.
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
  // Numbers without a name. Calls with a name that changed just as those of the future are among the names here and not
  // among `calls`: a change of the default is one change.
  std::vector<CallChange> unnamed;
  std::vector<CallChange> calls;  // One name each, ascending; ABIs together where they agree.
  std::vector<UnclearCall> unclear;
  bool looser = false;   // Something is answered less restrictively.
  bool tighter = false;  // Something is answered more restrictively.
  bool operator==(const Diff&) const = default;

  // Whether nothing at all is answered differently, as far as it is clear.
  bool empty() const { return abis.empty() && unnamed.empty() && calls.empty(); }
};

// "same", "looser", "tighter" or "mixed", by what is permitted: other errnos alone are "same".
std::string_view VerdictOf(const Diff& diff);

// kInvalidArgument when the two are not for one native ABI. kResourceExhausted: too complex.
absl::StatusOr<Diff> DiffMeanings(const Meaning& before, const Meaning& after);

// Calls, by name and ascending, that are answered less restrictively, on any ABI and in whichever part of `diff`.
std::vector<std::string> LooserNames(const Diff& diff);

// Of a change of one call: what the arguments give away for which it opens it; where it does not, what the call does.
Risk RiskBehind(const CallChange& change, const Risks& risks);

// How much a change gives away: the highest risk of its calls when it opens them (RiskOf has that of numbers without a
// name), else low.
RiskLevel RiskOfChange(const CallChange& change, const Risks& risks);

// The highest RiskOfChange among what is looser. nullopt when nothing is.
std::optional<RiskLevel> LooserRisk(const Diff& diff, const Risks& risks);

}  // namespace syscarve
