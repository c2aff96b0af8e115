// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/rule_list.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_join.h"
#include "userspace/base/concat.h"
#include "userspace/model/syscall_table.h"

namespace syscarve {
namespace {

constexpr Action kEnosys{ActionKind::kErrno, ENOSYS};
constexpr Action kEperm{ActionKind::kErrno, EPERM};

Action DefaultAction(UnlistedMode mode) {
  switch (mode) {
    case UnlistedMode::kEnosys:
      return kEnosys;
    case UnlistedMode::kEperm:
      return kEperm;
    case UnlistedMode::kKill:
      return {ActionKind::kKillProcess, 0};
    case UnlistedMode::kLog:
      return {ActionKind::kLog, 0};
  }
  return kEnosys;
}

// Calls that were proven not to be needed get the action of the proof. Returns the names in the rule.
std::vector<std::string> AddNotNeededRule(UnlistedMode mode, const ProfileDraft& draft, Profile& profile) {
  std::vector<std::string> names;
  if (mode == UnlistedMode::kLog) return names;
  for (const std::string& name : draft.not_needed_though_seen) {
    if (!draft.calls.contains(name) && draft.ExistsSomewhere(name)) names.push_back(name);
  }
  if (names.empty()) return names;
  profile.rules.push_back({.names = names,
                           .action = kEnosys,
                           .comment = "refused: seen, and proven not to be needed where it is refused with ENOSYS"});
  return names;
}

// The explicit actions for unlisted calls; those in `allowed` have one. A name is probed or not on all ABIs alike,
// because rules are by name.
void AddUnlistedRule(UnlistedMode mode, const ErrnoPolicy& policy, const std::set<std::string>& allowed,
                     Profile& profile) {
  if (mode == UnlistedMode::kLog) return;
  std::set<std::string> newer_calls;
  std::set<std::string> probed;
  std::set<std::string> others;
  for (const Abi abi : profile.abis) {
    for (const SyscallEntry& entry : SyscallTable(abi)) {
      if (allowed.contains(entry.name) || IsExemptFromSeccomp({abi, entry.nr})) continue;
      const bool newer = HasSharedNumber({abi, entry.nr}, policy.newer_from);
      if (newer) newer_calls.insert(entry.name);
      (newer || policy.probed.contains(entry.name) ? probed : others).insert(entry.name);
    }
  }
  if (mode == UnlistedMode::kKill) {
    if (newer_calls.empty()) return;
    profile.rules.push_back({.names = {newer_calls.begin(), newer_calls.end()},
                             .action = profile.default_action,
                             .comment = "refused as all others are; named because runc answers ENOSYS beyond the "
                                        "largest number that a profile names"});
    return;
  }
  if (mode == UnlistedMode::kEnosys && !others.empty()) {
    profile.rules.push_back({.names = {others.begin(), others.end()},
                             .action = kEperm,
                             .comment = "refused: calls that all kernels have, so no program falls back from ENOSYS"});
  }
  // Also if that is the default: Docker 20.10 drops a default's errno, and the result would be EPERM.
  if (!probed.empty()) {
    profile.rules.push_back({.names = {probed.begin(), probed.end()},
                             .action = kEnosys,
                             .comment = "refused as an older kernel would: a libc may try these and fall back"});
  }
}

// The reason that a call is listed under: the first that it has.
enum class ListedAs { kIncidental, kSeen, kBaseline, kCompanion, kRequested, kClosure };
ListedAs ListingOf(const AllowedCall& call) {
  if (!call.incidental.empty()) return ListedAs::kIncidental;
  if (!call.sightings.empty()) return ListedAs::kSeen;
  if (!call.baseline.empty()) return ListedAs::kBaseline;
  if (!call.companion.empty()) return ListedAs::kCompanion;
  if (call.requested) return ListedAs::kRequested;
  return ListedAs::kClosure;
}

// Why a call that is narrowed by arguments is allowed at all, in a word or two.
std::string ReasonWords(const AllowedCall& call) {
  switch (ListingOf(call)) {
    case ListedAs::kIncidental:
      return Concat("seen or closure ", call.incidental);
    case ListedAs::kSeen:
      return "seen";
    case ListedAs::kBaseline:
      return "baseline";
    case ListedAs::kCompanion:
      return Concat("with ", call.companion);
    case ListedAs::kRequested:
      return "requested";
    case ListedAs::kClosure:
      return Concat("closure ", ClosureRuleOf(call));
  }
  return "";
}

// The rules for calls that are allowed for some arguments only; names with equal rules are combined.
void AddNarrowedRules(const ProfileDraft& draft, const std::map<std::string, std::string>& comments, Profile& profile) {
  std::vector<std::pair<NarrowedCall, std::vector<std::string>>> grouped;
  const auto reason = [&](const NarrowedCall& call) {
    return call.by_arguments ? ReasonWords(draft.calls.at(call.name)) : std::string();
  };
  for (const NarrowedCall& call : draft.narrowed) {
    auto group = std::find_if(grouped.begin(), grouped.end(), [&](const auto& g) {
      return g.first.rules == call.rules && g.first.closure == call.closure && g.first.words == call.words &&
             g.first.by_arguments == call.by_arguments && reason(g.first) == reason(call);
    });
    if (group == grouped.end()) group = grouped.insert(group, {call, {}});
    group->second.push_back(call.name);
  }
  for (const auto& [call, names] : grouped) {
    // Rules that allow come first.
    for (const bool allows : {true, false}) {
      for (size_t i = 0; i < call.rules.size(); ++i) {
        const ArgumentRule& rule = call.rules[i];
        if ((rule.action == kAllowAction) != allows) continue;
        std::string comment = allows ? "allowed where the ceiling allows it" : "refused where the ceiling refuses it";
        if (!call.closure.empty()) comment = comments.at(call.closure);
        if (call.by_arguments) {
          comment = Concat(reason(call), ", for some arguments", call.words.empty() ? "" : Concat(": ", call.words[i]));
        }
        profile.rules.push_back(
            {.names = names, .action = rule.action, .conditions = rule.conditions, .comment = std::move(comment)});
      }
    }
  }
}

// The baseline that the profile lists a call of the container runtime under.
const std::string& ListedBaseline(const AllowedCall& call, const std::vector<BaselineCalls>& baselines) {
  const auto by_incidence = std::ranges::find_if(baselines, [&](const BaselineCalls& calls) {
    return calls.incidental && std::ranges::find(calls.names, call.name) != calls.names.end();
  });
  return by_incidence != baselines.end() ? by_incidence->source : call.baseline;
}

std::string SourcesOf(const std::string& kind, const std::vector<CompanionCalls>& companions) {
  std::vector<std::string> sources;
  for (const CompanionCalls& companion : companions) {
    if (companion.kind == kind) sources.push_back(companion.source);
  }
  return absl::StrJoin(sources, "; ");
}

}  // namespace

Profile RefuseAll(const GenerateOptions& options, const ErrnoPolicy& policy, const std::vector<Abi>& abis) {
  Profile profile{.default_action = DefaultAction(options.unlisted), .abis = abis};
  AddUnlistedRule(options.unlisted, policy, {}, profile);
  return profile;
}

Action ActionFor(const Profile& refuses_all, const std::string& name) {
  const auto rule = std::ranges::find_if(
      refuses_all.rules, [&name](const Rule& one) { return std::ranges::find(one.names, name) != one.names.end(); });
  return rule == refuses_all.rules.end() ? refuses_all.default_action : rule->action;
}

Profile WriteRules(const ProfileDraft& draft, std::span<const ClosureRule> closure_rules,
                   const GenerateOptions& options, const ErrnoPolicy& policy) {
  const std::set<std::string> conditional = draft.conditional();
  Profile profile{.default_action = DefaultAction(options.unlisted), .abis = draft.abis};

  std::vector<std::string> seen;
  std::map<std::string, std::vector<std::string>> baseline;    // By source.
  std::map<std::string, std::vector<std::string>> companions;  // By kind.
  std::vector<std::string> requested;
  std::map<std::string, std::vector<std::string>> closure;  // By rule id.
  for (const auto& [name, call] : draft.calls) {
    if (conditional.contains(name)) continue;
    switch (ListingOf(call)) {
      case ListedAs::kIncidental:
        closure[call.incidental].push_back(name);
        break;
      case ListedAs::kSeen:
        seen.push_back(name);
        break;
      case ListedAs::kBaseline:
        baseline[ListedBaseline(call, options.baselines)].push_back(name);
        break;
      case ListedAs::kCompanion:
        companions[call.companion].push_back(name);
        break;
      case ListedAs::kRequested:
        requested.push_back(name);
        break;
      case ListedAs::kClosure:
        closure[ClosureRuleOf(call)].push_back(name);
        break;
    }
  }
  const auto add = [&](std::vector<std::string> names, std::string comment) {
    if (!names.empty()) {
      profile.rules.push_back({.names = std::move(names), .action = kAllowAction, .comment = std::move(comment)});
    }
  };
  add(std::move(seen), "seen");
  for (const BaselineCalls& calls_of_runtime : options.baselines) {
    add(std::exchange(baseline[calls_of_runtime.source], {}), Concat("baseline: ", calls_of_runtime.source));
  }
  for (auto& [kind, names] : companions) {
    add(std::move(names), Concat("with ", kind, ": ", SourcesOf(kind, options.companions)));
  }
  add(std::move(requested), "requested: --allow");
  std::map<std::string, std::string> comments;
  for (const ClosureRule& rule : closure_rules) {
    comments[rule.id] = Concat(rule.incidental ? "seen or closure " : "closure ", rule.id, ": ", rule.reason);
    if (const auto found = closure.find(rule.id); found != closure.end()) {
      add(std::move(found->second), comments[rule.id]);
    }
  }
  AddNarrowedRules(draft, comments, profile);
  std::set<std::string> named = draft.names();
  if (const std::vector<std::string> proven = AddNotNeededRule(options.unlisted, draft, profile); !proven.empty()) {
    named.insert(proven.begin(), proven.end());
  }
  AddUnlistedRule(options.unlisted, policy, named, profile);
  return profile;
}

}  // namespace syscarve
