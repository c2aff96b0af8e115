// SPDX-License-Identifier: Apache-2.0
// The decision of a profile for one call whose first arguments are known: on which other arguments it depends, which
// actions are possible, and which rule determines each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "userspace/base/status.h"
#include "userspace/model/abi.h"
#include "userspace/model/profile_source.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {

// The place of a rule in a profile's text.
struct RulePlace {
  size_t entry = 0;            // ProfileEntry::index
  std::optional<size_t> line;  // From 1.
  std::string comment;         // Untrusted bytes.
};

// One of the possible actions for a call, with an example of arguments for it: the known ones, and the simplest
// possible others.
struct ExplainedOutcome {
  Arguments arguments = {};
  Action filter;                  // The filter's action for `arguments`.
  std::optional<Action> text;     // The action by the text's rules; nullopt for live filters, which have no text.
  std::optional<RulePlace> rule;  // The rule of `text`; nullopt for the default action, and for an unlisted ABI.
  bool Differs() const { return text.has_value() && *text != filter; }
};

struct CallExplanation {
  SyscallId id;
  bool is_listed = true;             // Whether the profile lists the ABI.
  std::vector<unsigned> depends_on;  // The unknown arguments on which the filter's action depends, ascending.
  // One for each possible action of the filter, the most restrictive first; at least one.
  std::vector<ExplainedOutcome> outcomes;
};

// Explains the call `name` with the first arguments `known`, on each of `abis` that has it. `stack` is the profile's
// compiled filter, or live filters, with which `source` is ignored. Fails as DecisionOf does (symbolic.h).
absl::StatusOr<std::vector<CallExplanation>> ExplainCalls(const std::string& name, std::span<const uint64_t> known,
                                                          std::span<const Abi> abis,
                                                          std::span<const FilterProgram> stack,
                                                          const ProfileSource* source);

// A number in decimal, hexadecimal (0x1f) or octal (017); a negative one is its 64-bit two's complement. nullopt if
// `text` is none.
std::optional<uint64_t> ArgumentFromText(std::string_view text);

}  // namespace syscarve
