// SPDX-License-Identifier: Apache-2.0
#include "userspace/report/explain.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/base/escape.h"
#include "userspace/base/sentence.h"
#include "userspace/model/recording_words.h"
#include "userspace/model/syscall_table.h"
#include "userspace/report/sighting.h"
#include "userspace/report/wording.h"
#include "userspace/seccomp/rule_evaluator.h"

namespace syscarve {
namespace {

// " when arg0 == 0x2 and …", or "" for no conditions.
std::string WhenWords(const std::vector<ArgumentCondition>& all) {
  std::vector<std::string> conditions;
  for (const ArgumentCondition& condition : all) conditions.push_back(ConditionWords(condition));
  return Concat(conditions.empty() ? "" : " when ", absl::StrJoin(conditions, " and "));
}

std::string CallLines(const AllowedCall& call, Abi native) {
  std::string text = call.name + "\n";
  for (const Sighting& sighting : call.sightings) text += SightingLines(sighting, sighting.id.abi == native);
  if (!call.baseline.empty()) text += Concat("  baseline, ", EscapeForTerminal(call.baseline), "\n");
  if (!call.companion.empty()) text += Concat("  requested by --with ", call.companion, "\n");
  if (call.requested) text += "  requested by --allow\n";
  if (call.proven.verdict == ProofVerdict::kNeeded) {
    text += Concat("  proven needed: without it, ", EscapeForTerminal(call.proven.why), "\n");
  } else if (call.proven.verdict == ProofVerdict::kNotNeeded) {
    text += "  proven not needed: generate --only-needed leaves it out\n";
  }
  for (const ClosureReason& reason : call.closure) {
    text += Concat("  closure ", reason.rule,
                   reason.because.empty() ? std::string() : Concat(", because of ", reason.because),
                   WhenWords(reason.conditions), ": ", reason.reason, "\n");
  }
  return text;
}

// ", proven needed: without it, …", for arguments.
std::string ProvenWords(const ArgumentSighting& seen) {
  if (seen.proven.verdict == ProofVerdict::kNeeded) {
    return Concat(", proven needed: without it, ", EscapeForTerminal(seen.proven.why));
  }
  if (seen.proven.verdict != ProofVerdict::kNotNeeded) return "";
  return Concat(", proven not needed", seen.left_out ? " and left out" : "");
}

// If the profile allows the call only for seen arguments: the allowed arguments, and the seen ones.
std::string ArgumentLines(const GeneratedProfile& made, std::string_view name) {
  const auto call = std::ranges::find(made.narrowed, name, &NarrowedCall::name);
  if (call == made.narrowed.end() || !call->by_arguments) return "";
  std::string text;
  for (size_t i = 0; i < call->rules.size(); ++i) {
    if (call->rules[i].action.kind != ActionKind::kAllow) continue;
    text += Concat("  allowed", WhenWords(call->rules[i].conditions),
                   call->words.empty() ? "" : Concat(": ", call->words[i]), "\n");
  }
  for (const ArgumentSighting& seen : call->seen) {
    std::set<std::string> programs;
    for (const Program& program : seen.programs) programs.insert(EscapeForTerminal(ProgramLabel(program)));
    text += Concat("  seen ", seen.call, EscapeForTerminal(seen.on), " in ", seen.runs,
                   seen.runs == 1 ? " run" : " runs", programs.empty() ? "" : " by ", absl::StrJoin(programs, ", "),
                   seen.high_risk ? ", high risk" : "", ProvenWords(seen), "\n");
  }
  return text;
}

// The denials of the call in the recording, if any.
std::string RefusedLines(const GeneratedProfile& made, std::string_view name) {
  const RefusedCall* const call = FindRefused(made.refused, name);
  if (call == nullptr) return "";
  std::string text;
  bool harmless = false;
  for (const Refusal& refusal : call->refusals) {
    text += RefusalLines(refusal, refusal.sighting.id.abi == made.native_abi);
    harmless |= call->IsHarmless(refusal);
  }
  return harmless ? Concat(text, "  harmless where refused with ENOSYS: ", call->probed_by, "\n") : text;
}

// The action for a call that is not in the profile.
std::string RefusedLine(const RuleEvaluator& decider, const std::vector<Abi>& abis, const std::string& name) {
  for (const Abi abi : abis) {
    if (const std::optional<SyscallId> id = FindSyscall(abi, name)) {
      return Concat(name, "\n  not in the profile: ", ActionWords(decider.Decide(*id, {})), "\n");
    }
  }
  return Concat(name, "\n  no ABI of the profile has this call\n");
}

std::string RuleLine(const Rule& rule) {
  return Concat("  ", ActionWords(rule.action), WhenWords(rule.conditions), rule.comment.empty() ? "" : ": ",
                EscapeForTerminal(rule.comment), "\n");
}

}  // namespace

std::string ExplainText(const GeneratedProfile& made, std::span<const std::string> names) {
  std::string text;
  const RuleEvaluator decider(made.profile);
  if (names.empty()) {
    for (const AllowedCall& call : made.calls) {
      text += CallLines(call, made.native_abi) + ArgumentLines(made, call.name) + RefusedLines(made, call.name);
    }
    for (const RefusedCall& call : made.refused) {
      if (call.allowed) continue;
      const SyscallId id = call.refusals.front().sighting.id;
      text += SyscallName(id).has_value()
                  ? RefusedLine(decider, made.profile.abis, call.name)
                  : Concat(call.name, "\n  rules are by name: ", ActionWords(decider.Decide(id, {})), "\n");
      text += RefusedLines(made, call.name);
    }
    if (!made.capabilities_recorded) return text + "capabilities\n  not recorded\n";
    for (const CapabilityVerdict& verdict : made.capabilities) {
      text += Concat(CapabilityName(verdict.capability), "\n  ", VerdictName(verdict.verdict), " (granted ",
                     Times(verdict.granted), ", refused ", Times(verdict.denied), "): ", EscapeForTerminal(verdict.why),
                     "\n");
    }
    return text;
  }
  for (const std::string& name : names) {
    const auto found =
        std::find_if(made.calls.begin(), made.calls.end(), [&](const AllowedCall& call) { return call.name == name; });
    text += found != made.calls.end() ? Concat(CallLines(*found, made.native_abi), ArgumentLines(made, name))
                                      : RefusedLine(decider, made.profile.abis, name);
    if (const auto replaced = made.replaced.find(name); replaced != made.replaced.end()) {
      text +=
          Concat("  its arguments are in memory, where no filter can see them; ", replaced->second, " does the same\n");
    }
    text += RefusedLines(made, name);
  }
  return text;
}

std::string ExplainText(const Profile& profile, std::span<const std::string> names) {
  std::map<std::string, std::string> lines;
  for (const Rule& rule : profile.rules) {
    for (const std::string& name : rule.names) lines[name] += RuleLine(rule);
  }
  std::string text;
  if (names.empty()) {
    for (const auto& [name, rules] : lines) text += Concat(EscapeForTerminal(name), "\n", rules);
    return text + Concat("any other call\n  ", ActionWords(profile.default_action), "\n");
  }
  for (const std::string& name : names) {
    const auto found = lines.find(name);
    const std::string rules = found != lines.end()
                                  ? found->second
                                  : Concat("  no rule has this name: ", ActionWords(profile.default_action), "\n");
    text += Concat(EscapeForTerminal(name), "\n", rules);
  }
  return text;
}

}  // namespace syscarve
