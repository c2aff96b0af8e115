// SPDX-License-Identifier: Apache-2.0
#include "userspace/seccomp/verify.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/compile.h"
#include "userspace/seccomp/meaning.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {
namespace {

using Set = ArgumentSets::Set;

std::string Spell(Action action) {
  std::string text(ScmpActionName(action.kind));
  if (action.kind == ActionKind::kErrno) text += Concat("(", action.value, ")");
  return text;
}

// The intended meaning: for each call the arguments with which it may be allowed, and whether it must be allowed with
// all of them.
struct Intention {
  std::set<SyscallId> always;
  std::map<SyscallId, Set> sometimes;  // Calls in neither may never be allowed.

  Set AllowedFor(SyscallId id) const {
    if (always.contains(id)) return ArgumentSets::kAll;
    const auto found = sometimes.find(id);
    return found == sometimes.end() ? ArgumentSets::kNone : found->second;
  }
};

Intention IntentionOf(const Profile& profile, const std::set<std::string>& allowed,
                      const std::set<std::string>& conditional, ArgumentSets& sets) {
  Intention intention;
  const auto allow_also = [&](SyscallId id, Set on) {
    Set& all = intention.sometimes[id];
    all = sets.Or(all, on);
  };
  for (const std::string& name : allowed) {
    for (const Abi abi : profile.abis) {
      if (const std::optional<SyscallId> id = FindSyscall(abi, name)) {
        if (conditional.contains(name)) {
          allow_also(*id, ArgumentSets::kAll);
        } else {
          intention.always.insert(*id);
        }
      }
      if (const auto call = MultiplexedOn(abi, name)) {
        // The kernel reads the selector as an int.
        const ArgumentCondition selects = {.index = 0, .op = CompareOp::kEqual, .value = call->selector};
        allow_also(call->id, sets.FromCondition(selects, /*low_half=*/true));
      }
    }
  }
  return intention;
}

absl::Status Differs(SyscallId id, Action made, std::string_view intended) {
  return absl::InternalError(Concat("the compiled profile answers ", DisplayName(id), " with ", Spell(made), " where ",
                                    intended, " was intended; nothing was written"));
}

// Whether the filter's decision for `id` is the intended one; `made` and `text` have the sets of `sets`.
absl::Status VerifyCall(SyscallId id, const Decision& made, const Decision& text, const Intention& intention,
                        ArgumentSets& sets) {
  const bool must = intention.always.contains(id);
  const auto allowed = [&](const Decision& decision) {
    const auto found = decision.find(kAllowAction);
    return found == decision.end() ? ArgumentSets::kNone : found->second;
  };
  if (must && allowed(text) != ArgumentSets::kAll && allowed(text) != ArgumentSets::kNone) {
    return absl::InternalError(Concat("the profile allows ", DisplayName(id),
                                      " for some arguments only where all were intended; nothing was written"));
  }
  if (must && allowed(made) != ArgumentSets::kAll) {
    const auto other = std::ranges::find_if(made, [&](const auto& part) { return part.first != kAllowAction; });
    return Differs(id, other->first, ScmpActionName(ActionKind::kAllow));
  }
  if (sets.And(allowed(made), sets.Not(intention.AllowedFor(id))) != ArgumentSets::kNone) {
    const auto refusal = std::ranges::find_if(text, [&](const auto& part) { return part.first != kAllowAction; });
    return Differs(id, kAllowAction, refusal == text.end() ? "a refusal" : Spell(refusal->first));
  }
  for (const auto& [action, on] : made) {
    for (const auto& [said, said_on] : text) {
      if (action != said && sets.And(on, said_on) != ArgumentSets::kNone) return Differs(id, action, Spell(said));
    }
  }
  return absl::OkStatus();
}

// Whether the interpreter, which is independent of sets, returns the same action for an example of each part.
absl::Status Witness(const FilterProgram& program, SyscallId id, const Decision& made, const ArgumentSets& sets) {
  for (const auto& [action, on] : made) {
    const Arguments arguments = sets.Example(on);
    seccomp_data data{.nr = static_cast<int>(SeccompDataNumber(id)), .arch = AuditArch(id.abi)};
    std::copy(arguments.begin(), arguments.end(), data.args);
    const Action answer = WithCappedErrno(ActionFromReturn(Evaluate(program, data)));
    if (answer != action) {
      return absl::InternalError(Concat("the filter for ", DisplayName(id), " was followed to ", Spell(action),
                                        " and run to ", Spell(answer), "; nothing was written"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyProfile(const Profile& profile, Abi native, const std::set<std::string>& allowed,
                           const std::set<std::string>& conditional) {
  SYSCARVE_ASSIGN_OR_RETURN(const FilterProgram program, Compile(profile));
  if (const absl::Status valid = ValidateFilter(program); !valid.ok()) {
    return absl::InternalError(Concat("libseccomp made a filter that the kernel refuses: ", valid.message()));
  }
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning made, MeaningOf({&program, 1}, native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning own, MeaningOfText(profile, native));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning text, WithSets(own, made.sets));
  ArgumentSets& sets = *made.sets;
  const Intention intention = IntentionOf(profile, allowed, conditional, sets);
  for (const auto& [id, decision] : made.decisions) {
    const absl::Status call = VerifyCall(id, decision, text.decisions.at(id), intention, sets);
    SYSCARVE_RETURN_IF_ERROR(sets.status());
    SYSCARVE_RETURN_IF_ERROR(call);
    SYSCARVE_RETURN_IF_ERROR(Witness(program, id, decision, sets));
  }
  return absl::OkStatus();
}

}  // namespace syscarve
