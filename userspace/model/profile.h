// SPDX-License-Identifier: Apache-2.0
// A Profile: a decision for every (ABI, number, six arguments). It is written as a list of rules and a default action,
// in the terms of OCI (runtime-spec config-linux.md, "Seccomp"), because container engines read that; its meaning is
// the function.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"

namespace syscarve {

// From most to least restrictive, the kernel's own order of precedence (seccomp(2)).
enum class ActionKind { kKillProcess, kKillThread, kTrap, kErrno, kNotify, kTrace, kLog, kAllow };

struct Action {
  ActionKind kind = ActionKind::kErrno;
  uint16_t value = 0;  // The errno for kErrno, the message for kTrace; otherwise 0.
  auto operator<=>(const Action&) const = default;
};
inline constexpr Action kAllowAction{ActionKind::kAllow, 0};

// The kernel's MAX_ERRNO: a filter that returns a larger errno returns this one (kernel/seccomp.c).
inline constexpr uint16_t kMaxErrno = 4095;

// Compares how restrictive two actions are: less means more restrictive; equal means that they differ at most in how
// they refuse. The order is ActionKind's, except for two differences that do not affect whether a call is made: the
// errno of a refusal (or a tracer's message), and whether the thread or the whole process is killed.
inline std::strong_ordering CompareActions(Action a, Action b) {
  const auto rank = [](Action action) { return std::max(action.kind, ActionKind::kKillThread); };
  return rank(a) <=> rank(b);
}

// Whether the kernel executes the call, logged or not. False for actions that leave the decision to a tracer or a
// supervisor.
inline bool LetsThrough(Action action) {
  return action.kind == ActionKind::kAllow || action.kind == ActionKind::kLog;
}

// "ENOSYS", or "errno 999" for a value without a name.
std::string ErrnoWords(int value);

// "SCMP_ACT_ALLOW" and so on.
std::string_view ScmpActionName(ActionKind kind);
// Also accepts "SCMP_ACT_KILL", which is SCMP_ACT_KILL_THREAD.
std::optional<ActionKind> ActionKindFromScmpName(std::string_view name);

enum class CompareOp { kNotEqual, kLess, kLessOrEqual, kEqual, kGreaterOrEqual, kGreater, kMaskedEqual };

std::string_view ScmpCompareName(CompareOp op);  // "SCMP_CMP_EQ" …
std::optional<CompareOp> CompareOpFromScmpName(std::string_view name);

// A condition on one 64-bit argument. For kMaskedEqual: (argument & value) == value_two, in the order of OCI and
// libseccomp.
struct ArgumentCondition {
  unsigned index = 0;  // 0 to 5.
  CompareOp op = CompareOp::kEqual;
  uint64_t value = 0;
  uint64_t value_two = 0;
  auto operator<=>(const ArgumentCondition&) const = default;
};

// The action for each call of `names` if all `conditions` hold, on every ABI of the profile that has a call of that
// name.
struct Rule {
  std::vector<std::string> names;
  Action action;
  std::vector<ArgumentCondition> conditions;
  std::string comment;  // For people; "" for none.
  bool operator==(const Rule&) const = default;
};

struct Profile {
  Action default_action;
  std::vector<Abi> abis;           // The ABIs that the rules apply to, ascending; calls of any other ABI kill the task.
  std::vector<std::string> flags;  // SECCOMP_FILTER_FLAG_* names.
  std::vector<Rule> rules;
  // The socket of the agent that decides calls under kNotify, and the metadata that it is sent; "" for none. Used by
  // the runtime only: the kernel's filter contains neither.
  std::string listener_path;
  std::string listener_metadata;
  bool operator==(const Profile&) const = default;
};

}  // namespace syscarve
