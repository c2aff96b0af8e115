// SPDX-License-Identifier: Apache-2.0
// What a profile answers to one call with some of its arguments known: which of the others matter, what there may come
// of it, and which rule says so.
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

// Where a rule stands.
struct RulePlace {
  size_t entry = 0;            // ProfileEntry::index
  std::optional<size_t> line;  // From 1.
  std::string comment;         // Its author's bytes.
};

// One of the answers that a call may get, with arguments that get it: the known ones, and the others as simple as can
// be.
struct ExplainedOutcome {
  Arguments arguments = {};
  Action filter;                  // What the filter returns for them.
  std::optional<Action> text;     // What the rules say; nullopt of live filters, which have no text.
  std::optional<RulePlace> rule;  // That says it; nullopt for the default, and for an ABI that is not listed.
  bool Differs() const { return text.has_value() && *text != filter; }
};

struct CallExplanation {
  SyscallId id;
  bool is_listed = true;             // Whether the profile lists the ABI.
  std::vector<unsigned> depends_on;  // The unknown arguments on which the filter's answer depends, ascending.
  // One for each answer of the filter, from the most restrictive; at least one.
  std::vector<ExplainedOutcome> outcomes;
};

// The answers to `name` with the first arguments `known`, on each of `abis` that has such a call. `stack` is what
// enforces the profile: its compiled filter, or live ones, and then `source` is not looked at. Errors are DecisionOf's
// (symbolic.h).
absl::StatusOr<std::vector<CallExplanation>> ExplainCalls(const std::string& name, std::span<const uint64_t> known,
                                                          std::span<const Abi> abis,
                                                          std::span<const FilterProgram> stack,
                                                          const ProfileSource* source);

// A number as people write it: decimal, 0x1f or 017, and negative for its two's complement of 64 bits.
std::optional<uint64_t> ArgumentFromText(std::string_view text);

}  // namespace syscarve
