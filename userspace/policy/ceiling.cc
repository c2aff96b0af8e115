// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/ceiling.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/algebra.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/symbolic.h"

namespace syscarve {
namespace {

using Set = ArgumentSets::Set;

absl::StatusOr<FilterProgram> CompileCeiling(const Profile& ceiling) {
  absl::StatusOr<FilterProgram> program = Compile(ceiling);
  if (!program.ok()) return Annotate(program.status(), "the ceiling");
  return program;
}

// On i386 the rules for socket and System V IPC functions also apply to these calls, including rules that refuse;
// separate rules with conditions would contradict them.
bool IsMultiplexer(const std::string& name) {
  return name == "socketcall" || name == "ipc";
}

}  // namespace

absl::StatusOr<CeilingResult> ApplyCeiling(const std::set<std::string>& names, Abi native, const Profile& refusing,
                                           const Profile& ceiling) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, CompileCeiling(ceiling));
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram refusing_program, Compile(refusing));
  const std::vector<Abi> served = ceiling.abis.empty() ? std::vector<Abi>{NativeAbi()} : ceiling.abis;
  CeilingResult result;
  for (const Abi abi : refusing.abis) {
    if (std::find(served.begin(), served.end(), abi) != served.end()) {
      result.abis.push_back(abi);
    } else if (abi == native) {
      return absl::InvalidArgumentError(
          Concat("the ceiling has no rules for ", AbiName(abi), ", the recordings' own ABI, and so allows nothing"));
    } else {
      result.warnings.push_back(Concat("the ceiling kills every call of ", AbiName(abi), ": the ABI is cut"));
    }
  }

  ArgumentSets sets;
  std::set<std::string> cut_whole;
  const Profile context{.default_action = refusing.default_action, .abis = result.abis};
  for (const std::string& name : names) {
    std::map<SyscallId, Set> allowed;
    std::optional<Action> answer;
    for (const Abi abi : result.abis) {
      const std::optional<SyscallId> id = FindSyscall(abi, name);
      if (!id.has_value()) continue;
      SYSCARVE_ASSIGN_OR_RETURN(const Decision decision, DecisionOf({&program, 1}, *id, sets));
      allowed[*id] = LetThrough(decision, sets);
      if (allowed[*id] != ArgumentSets::kAll && (!answer.has_value() || abi == native)) answer = Strictest(decision);
    }
    if (!answer.has_value()) continue;
    const bool never =
        std::all_of(allowed.begin(), allowed.end(), [](const auto& on) { return on.second == ArgumentSets::kNone; });
    if (never) {
      result.cut[name] = *answer;
      continue;
    }
    if (IsMultiplexer(name)) {
      result.cut[name] = *answer;
      cut_whole.insert(name);
      continue;
    }
    // First with the refusal for the name if it were not allowed, then with the default.
    std::optional<ChosenRules> chosen;
    for (const bool as_refused : {true, false}) {
      if (chosen.has_value() && chosen->comparison == Comparison::kSame) break;
      std::map<SyscallId, Decision> wanted;
      for (const auto& [id, on] : allowed) {
        SYSCARVE_ASSIGN_OR_RETURN(const Decision refused, DecisionOf({&refusing_program, 1}, id, sets));
        Decision& decision = wanted[id];
        if (on != ArgumentSets::kNone) decision[{ActionKind::kAllow, 0}] = on;
        if (on == ArgumentSets::kAll) continue;
        Set& otherwise =
            decision.try_emplace(as_refused ? Strictest(refused) : refusing.default_action, ArgumentSets::kNone)
                .first->second;
        otherwise = sets.Or(otherwise, sets.Not(on));
      }
      SYSCARVE_ASSIGN_OR_RETURN(const ChosenRules next, ChooseRules(sets, name, wanted, context));
      if (!chosen.has_value() || next.comparison < chosen->comparison) chosen = next;
    }
    const bool allows = std::any_of(chosen->rules.begin(), chosen->rules.end(),
                                    [](const ArgumentRule& rule) { return rule.action.kind == ActionKind::kAllow; });
    if (chosen->comparison != Comparison::kLooser && allows) {
      result.narrowed[name] = std::move(chosen->rules);
    } else {
      result.cut[name] = *answer;
      cut_whole.insert(name);
    }
  }
  if (!sets.status().ok()) return Annotate(sets.status(), "the ceiling");
  if (!cut_whole.empty()) {
    result.warnings.push_back(Concat(
        "cut although the ceiling allows them for some ABIs or arguments, which rules by name, for all ABIs, cannot "
        "express: ",
        absl::StrJoin(cut_whole, ", ")));
  }
  return result;
}

absl::Status VerifyUnderCeiling(const Profile& profile, Abi native, const Profile& ceiling) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(profile));
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram limit, CompileCeiling(ceiling));
  ArgumentSets sets;
  for (const Abi abi : AbisServedBeside(native)) {
    for (const int nr : NumbersToProve(abi)) {
      SYSCARVE_ASSIGN_OR_RETURN(const Decision made, DecisionOf({&program, 1}, {abi, nr}, sets));
      SYSCARVE_ASSIGN_OR_RETURN(const Decision allowed, DecisionOf({&limit, 1}, {abi, nr}, sets));
      const Set beyond = sets.And(LetThrough(made, sets), sets.Not(LetThrough(allowed, sets)));
      if (!sets.status().ok()) return Annotate(sets.status(), "the ceiling");
      if (beyond == ArgumentSets::kNone) continue;
      return absl::InternalError(Concat("the profile lets ", DisplayName({abi, nr}),
                                        " through where the ceiling refuses it; nothing was written"));
    }
  }
  return absl::OkStatus();
}

}  // namespace syscarve
