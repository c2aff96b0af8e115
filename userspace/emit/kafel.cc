// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <optional>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/emit/argument_text.h"
#include "userspace/emit/call_decisions.h"
#include "userspace/emit/emit.h"
#include "userspace/emit/identifier.h"
#include "userspace/emit/losses.h"
#include "userspace/model/action_spelling.h"
#include "userspace/model/syscall_table.h"
#include "userspace/seccomp/condition_writer.h"

namespace syscarve {
namespace {

constexpr char kKafelHint[] = "Write it as bpf, or let --stricter refuse these calls.";
constexpr char kKafelDefaultHint[] = "Write it as bpf or c.";
constexpr std::string_view kArguments = "(arg0, arg1, arg2, arg3, arg4, arg5)";

std::string Target(Action action) {
  const std::string_view word = SpellingOf(action.kind).kafel;
  return HasValue(action.kind) ? Concat(word, "(", action.value, ")") : std::string(word);
}

// The blocks of a policy, the least restrictive first, for readability. The first matching rule of a call decides, so
// rules without conditions come last.
struct Blocks {
  std::map<Action, std::vector<std::string>, std::greater<>> conditional;
  std::map<Action, std::vector<std::string>, std::greater<>> unconditional;
};

class KafelPolicy {
 public:
  KafelPolicy(ArgumentSets& sets, Action otherwise, bool stricter, Losses& losses)
      : sets_(sets), default_(otherwise), stricter_(stricter), losses_(losses) {}

  absl::Status Add(const CallDecision& call) {
    if (call.decision.size() == 1) {
      AddWhole(call, Strictest(call.decision));
      return absl::OkStatus();
    }
    // If the remaining arguments get the default action, one rule less is needed.
    std::vector<Action> leftovers;
    if (call.decision.contains(default_)) leftovers.push_back(default_);
    for (const auto& [action, on] : call.decision) leftovers.push_back(action);
    for (const Action leftover : leftovers) {
      SYSCARVE_ASSIGN_OR_RETURN(const std::optional<ArgumentRules> rules,
                                ToConditions(sets_, call.decision, leftover, false, ComparisonStyle::kInclusive,
                                             ConditionUse::kOtherLanguage));
      if (!rules.has_value()) continue;
      AddConditional(call, *rules, leftover);
      return absl::OkStatus();
    }
    if (!stricter_) {
      losses_.Inexpressible("no single list of conditions expresses their actions", call.name);
      return absl::OkStatus();
    }
    losses_.Changed("refused for all arguments, because no single list of conditions expresses their actions",
                    call.name);
    AddWhole(call, Strictest(call.decision));
    return absl::OkStatus();
  }

  std::string definitions() const { return absl::StrJoin(definitions_, ""); }

  std::string body() const {
    std::vector<std::string> blocks;
    for (const auto* part : {&blocks_.conditional, &blocks_.unconditional}) {
      for (const auto& [action, filters] : *part) {
        blocks.push_back(Concat("  ", Target(action), " {\n    ", absl::StrJoin(filters, ",\n    "), "\n  }"));
      }
    }
    return absl::StrJoin(blocks, ",\n");
  }

 private:
  // For some calls kafel's table has names other than the kernel headers', and it lacks new calls. A name defined as a
  // number takes precedence over the table, and its arguments are compared with all 64 bits.
  std::string Named(const CallDecision& call) {
    // Identifiers begin with a letter, and names are for x86_64's calls.
    if (call.name.starts_with('_') || call.id.abi == Abi::kX32) {
      return Concat("SYSCALL[", SeccompDataNumber(call.id), "]");
    }
    definitions_.push_back(Concat("#define ", call.name, " ", call.id.nr, "\n"));
    return call.name;
  }

  void AddWhole(const CallDecision& call, Action action) {
    if (action != default_) blocks_.unconditional[action].push_back(Named(call));
  }

  void AddConditional(const CallDecision& call, const ArgumentRules& rules, Action leftover) {
    const std::string name = Named(call);
    std::map<Action, std::vector<std::string>> alternatives;
    for (const ArgumentRule& rule : rules) {
      alternatives[rule.action].push_back(Concat("(", KafelConditions(rule.conditions), ")"));
    }
    for (const auto& [action, conditions] : alternatives) {
      blocks_.conditional[action].push_back(Concat(name, kArguments, " { ", absl::StrJoin(conditions, " || "), " }"));
    }
    if (leftover != default_) blocks_.unconditional[leftover].push_back(name);
  }

  ArgumentSets& sets_;
  Action default_;
  bool stricter_;
  Losses& losses_;
  std::vector<std::string> definitions_;
  Blocks blocks_;
};

// x32's calls have x86_64's audit architecture but their own numbers. Those not in the policy get the default action.
absl::Status CheckX32(const Meaning& meaning, Action unknown, Losses& losses) {
  const Action of_x32 = Strictest(meaning.decisions.at({Abi::kX32, kBeyondAllTables}));
  if (of_x32 == unknown) return absl::OkStatus();
  if (LetsThrough(unknown)) {
    return WithHint(
        absl::InvalidArgumentError(Concat("calls of x32 would meet the policy's default, ", ActionText(unknown),
                                          ", and by the profile they meet ", ActionText(of_x32))),
        kKafelDefaultHint);
  }
  losses.Note(
      Concat("calls of x32 meet the policy's default, ", ActionText(unknown), ", instead of ", ActionText(of_x32)));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Emitted> EmitKafel(const Profile& profile, const EmitOptions& options) {
  SYSCARVE_RETURN_IF_ERROR(CheckCovers(profile, options.native, "kafel"));
  SYSCARVE_ASSIGN_OR_RETURN(const Meaning meaning, MeaningOf(profile, options.native));
  const AbiDecisions decisions = DecisionsOf(meaning, options.native);
  Losses losses;
  KafelPolicy policy(*meaning.sets, decisions.unknown, options.stricter, losses);
  for (const CallDecision& call : decisions.calls) SYSCARVE_RETURN_IF_ERROR(policy.Add(call));
  const bool speaks_of_x32 = std::ranges::find(profile.abis, Abi::kX32) != profile.abis.end();
  if (options.native == Abi::kX86_64 && speaks_of_x32) {
    for (const CallDecision& call : DecisionsOf(meaning, Abi::kX32).calls) SYSCARVE_RETURN_IF_ERROR(policy.Add(call));
  }
  SYSCARVE_RETURN_IF_ERROR(losses.status("kafel", kKafelHint));
  if (options.native == Abi::kX86_64) SYSCARVE_RETURN_IF_ERROR(CheckX32(meaning, decisions.unknown, losses));
  NoteOtherAbis(meaning, options.native, {Abi::kX32}, losses);
  NoteExempt(profile, losses);
  NoteLeftOut(profile, losses);
  const std::string name = IdentifierOf(options.name, "_policy");
  return Emitted{
      .text = Concat("// Made by syscarve, for ", AbiName(options.native), ".\n", policy.definitions(), "\nPOLICY ",
                     name, " {\n", policy.body(), "\n}\n\nUSE ", name, "\nDEFAULT ", Target(decisions.unknown), "\n"),
      .warnings = losses.warnings()};
}

}  // namespace syscarve
