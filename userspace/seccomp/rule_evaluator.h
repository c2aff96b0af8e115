// SPDX-License-Identifier: Apache-2.0
// What a Profile decides, asked of the model itself and not of libseccomp: the second opinion that a compiled filter is
// checked against, and the fast way to ask one profile many questions.
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

// On i386, s390, PowerPC and others one call multiplexes the socket functions and another the System V IPC ones, chosen
// by argument 0; there libseccomp lets a rule for `name` speak of both spellings.
struct MultiplexedCall {
  SyscallId id;           // socketcall or ipc.
  uint64_t selector = 0;  // The value of argument 0.
};
std::optional<MultiplexedCall> MultiplexedOn(Abi abi, std::string_view name);
// "socketcall", "ipc", or "" for a name that neither multiplexes on any ABI.
std::string_view MultiplexerOf(std::string_view name);

// Answers for one profile. Holds everything it needs: the profile may go away. Thread-safe after construction.
//
// The rules are libseccomp's: a rule whose action is the default's is skipped; the first unconditional rule for a call
// decides it, also where a conditional one would match; among conditional rules any that matches decides. On 32-bit
// ABIs only the low 32 bits of arguments and values are compared. When conditional rules with different actions match
// the same arguments, libseccomp's answer depends on its internal order: Decide then returns the most restrictive
// action, and conflicts() tells which calls to doubt.
//
// This is what a profile says. What a filter does can differ: libseccomp 2.5 answers wrongly for some calls with
// several rules that compare by order or inequality. Compile (compile.h) and Evaluate (program.h) tell.
class RuleEvaluator {
 public:
  // What the rules say of one call.
  struct Alternative {
    std::vector<ArgumentCondition> conditions;  // All must hold. Never empty.
    Action action;
  };
  struct Entry {
    std::optional<Action> unconditional;    // When there is one it decides, and `alternatives` is empty.
    std::vector<Alternative> alternatives;  // Of those that hold the most restrictive action; of none, the default.
  };

  explicit RuleEvaluator(const Profile& profile);

  // kKillThread for an ABI that the profile does not list (compile.h).
  Action Decide(SyscallId id, const Arguments& arguments) const;

  // Whether some rule for `id` looks at its arguments.
  bool DependsOnArguments(SyscallId id) const;

  // Calls for which conditional rules with different actions exist, ascending.
  std::vector<SyscallId> conflicts() const;

  bool Serves(Abi abi) const;  // Whether the profile lists it.
  Action default_action() const { return default_action_; }
  // nullptr when no rule speaks of `id`.
  const Entry* Find(SyscallId id) const;

 private:
  void Add(SyscallId id, std::vector<ArgumentCondition> conditions, Action action);

  Action default_action_;
  std::vector<Abi> abis_;
  std::map<SyscallId, Entry> entries_;
};

}  // namespace syscarve
