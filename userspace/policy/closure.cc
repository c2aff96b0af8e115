// SPDX-License-Identifier: Apache-2.0
#include "userspace/policy/closure.h"

#include <algorithm>

namespace syscarve {
namespace {

using Names = std::vector<std::string>;

// The first of `names` that is in `seen` and not in `except`, or "".
std::string FirstSeen(const Names& names, const std::set<std::string>& seen, const std::set<std::string>& except = {}) {
  const auto found = std::ranges::find_if(
      names, [&](const std::string& name) { return seen.contains(name) && !except.contains(name); });
  return found != names.end() ? *found : "";
}

// The calls of some program with one of each list, "clone and futex", or "" if there is no such program.
std::string SeenTogether(const std::vector<Names>& lists, const std::vector<std::set<std::string>>& programs) {
  for (const std::set<std::string>& program : programs) {
    std::string because;
    const bool all = std::ranges::all_of(lists, [&](const Names& names) {
      const std::string name = FirstSeen(names, program);
      because += (because.empty() ? "" : " and ") + name;
      return !name.empty();
    });
    if (all) return because;
  }
  return "";
}

// Calls `add(rule, names, because, conditions)` for everything that some rule of `mode` adds to the seen calls.
template <typename Add>
void ForEachAddition(std::span<const ClosureRule> rules, ClosureMode mode, const SeenCalls& seen, Add add) {
  if (mode == ClosureMode::kNone) return;
  for (const ClosureRule& rule : rules) {
    if (rule.portable && mode != ClosureMode::kPortable) continue;
    if (rule.steady && mode != ClosureMode::kSteady) continue;
    add(rule, rule.always, "", std::vector<ArgumentCondition>());
    for (const Names& family : rule.families) {
      const std::string because = FirstSeen(family, seen.names);
      if (!because.empty()) add(rule, family, because, std::vector<ArgumentCondition>());
    }
    for (const ClosureFallback& fallback : rule.fallbacks) {
      if (seen.names.contains(fallback.when)) add(rule, fallback.add, fallback.when, fallback.conditions);
    }
    for (const ClosureBeside& beside : rule.beside) {
      const std::string because =
          FirstSeen(beside.when, seen.names, rule.made_by_program ? seen.by_runtime : std::set<std::string>());
      if (!because.empty()) add(rule, beside.add, because, beside.conditions);
    }
    for (const ClosureTogether& together : rule.together) {
      const std::string because = SeenTogether(together.when, seen.programs);
      if (!because.empty()) add(rule, together.add, because, together.conditions);
    }
    for (const ClosureNarrowed& narrowed : rule.narrowed) add(rule, narrowed.add, "", narrowed.conditions);
  }
}

}  // namespace

std::map<std::string, std::vector<ClosureReason>> Close(std::span<const ClosureRule> rules, ClosureMode mode,
                                                        const SeenCalls& seen) {
  std::map<std::string, std::vector<ClosureReason>> added;
  ForEachAddition(rules, mode, seen,
                  [&](const ClosureRule& rule, const Names& names, const std::string& because,
                      const std::vector<ArgumentCondition>& conditions) {
                    for (const std::string& name : names) {
                      if (seen.names.contains(name)) continue;
                      added[name].push_back({rule.id, because, rule.reason, conditions});
                    }
                  });
  return added;
}

std::map<std::string, std::string> IncidentalCalls(std::span<const ClosureRule> rules, ClosureMode mode,
                                                   const SeenCalls& seen) {
  std::map<std::string, std::string> incidental;
  ForEachAddition(
      rules, mode, seen,
      [&](const ClosureRule& rule, const Names& names, const std::string&, const std::vector<ArgumentCondition>&) {
        if (!rule.incidental) return;
        for (const std::string& name : names) incidental.try_emplace(name, rule.id);
      });
  return incidental;
}

std::optional<Abi> OtherArchitecture(Abi native) {
  switch (native) {
    case Abi::kX86_64:
      return Abi::kAarch64;
    case Abi::kAarch64:
      return Abi::kX86_64;
    default:
      return std::nullopt;
  }
}

}  // namespace syscarve
