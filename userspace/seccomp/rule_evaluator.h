// SPDX-License-Identifier: Apache-2.0
// The decisions of a Profile, computed from the model itself and not by libseccomp: a second opinion to check a
// compiled filter against, and a fast way to evaluate one profile many times.
//
//   const RuleEvaluator decider(profile);
//   if (decider.Decide(id, arguments).kind == ActionKind::kAllow) …
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "userspace/model/abi.h"
#include "userspace/model/profile.h"
#include "userspace/seccomp/decision.h"

namespace syscarve {

// Whether libseccomp compares only the low 32 bits of this ABI's arguments.
bool ComparesLowHalfOnly(Abi abi);

// On i386, s390, PowerPC and others one call multiplexes the socket functions and another the System V IPC ones,
// selected by argument 0. There, libseccomp applies a rule for `name` to both forms.
struct MultiplexedCall {
  SyscallId id;           // socketcall or ipc.
  uint64_t selector = 0;  // The value of argument 0.
};
std::optional<MultiplexedCall> MultiplexedOn(Abi abi, std::string_view name);
// "socketcall", "ipc", or "" for a name that neither multiplexes on any ABI.
std::string_view MultiplexerOf(std::string_view name);

// Evaluates one profile, which need not outlive it. Thread-safe after construction.
//
// The semantics are libseccomp's: a rule whose action is the default's is skipped; the first unconditional rule for a
// call decides it, even where a conditional one would match; among conditional rules any that matches decides. On
// 32-bit ABIs only the low 32 bits of arguments and values are compared. If conditional rules with different actions
// match the same arguments, libseccomp's result depends on its internal order: Decide then returns the most restrictive
// action, and conflicts() lists the affected calls.
//
// This is the meaning of the text. A filter can differ: libseccomp 2.5 compiles some calls wrongly that have several
// rules with comparisons by order or inequality. Compile (compile.h) and Evaluate (program.h) show the filter's
// decisions.
class RuleEvaluator {
 public:
  // The rules for one call.
  struct Alternative {
    std::vector<ArgumentCondition> conditions;  // All must hold. Never empty.
    Action action;
  };
  struct Entry {
    std::optional<Action> unconditional;  // If set, it decides, and `alternatives` is empty.
    // The most restrictive one that holds decides; if none holds, the default action.
    std::vector<Alternative> alternatives;
  };

  explicit RuleEvaluator(const Profile& profile);

  // kKillThread for an ABI that the profile does not list (compile.h).
  Action Decide(SyscallId id, const Arguments& arguments) const;

  // Whether the decision for `id` depends on its arguments.
  bool DependsOnArguments(SyscallId id) const;

  // Calls that have conditional rules with different actions, ascending.
  std::vector<SyscallId> conflicts() const;

  bool Serves(Abi abi) const;  // Whether the profile lists it.
  Action default_action() const { return default_action_; }
  // nullptr if no rule is for `id`.
  const Entry* Find(SyscallId id) const;

 private:
  void Add(SyscallId id, std::vector<ArgumentCondition> conditions, Action action);

  Action default_action_;
  std::vector<Abi> abis_;
  std::map<SyscallId, Entry> entries_;
};

}  // namespace syscarve
