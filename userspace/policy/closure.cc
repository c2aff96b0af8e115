#include "userspace/policy/closure.h"

#include <algorithm>

namespace syscarve {
namespace {

using Names = std::vector<std::string>;

// The first of `names` that is in `seen`, or "".
std::string FirstSeen(const Names& names, const std::set<std::string>& seen) {
  const auto found = std::ranges::find_if(names, [&](const std::string& name) { return seen.contains(name); });
  return found != names.end() ? *found : "";
}

// The calls by which some program made one of each list, "clone and futex", or "" when none did.
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

}  // namespace

std::map<std::string, std::vector<ClosureReason>> Close(std::span<const ClosureRule> rules, ClosureMode mode,
                                                        const SeenCalls& seen) {
  std::map<std::string, std::vector<ClosureReason>> added;
  if (mode == ClosureMode::kNone) return added;
  for (const ClosureRule& rule : rules) {
    if (rule.portable && mode != ClosureMode::kPortable) continue;
    const auto add = [&](const Names& names, const std::string& because,
                         const std::vector<ArgumentCondition>& conditions = {}) {
      for (const std::string& name : names) {
        if (!seen.names.contains(name)) added[name].push_back({rule.id, because, rule.reason, conditions});
      }
    };
    add(rule.always, "");
    for (const Names& family : rule.families) {
      if (const std::string trigger = FirstSeen(family, seen.names); !trigger.empty()) add(family, trigger);
    }
    for (const ClosureFallback& fallback : rule.fallbacks) {
      if (seen.names.contains(fallback.when)) add(fallback.add, fallback.when, fallback.conditions);
    }
    for (const ClosureTogether& together : rule.together) {
      const std::string because = SeenTogether(together.when, seen.programs);
      if (!because.empty()) add(together.add, because);
    }
  }
  return added;
}

std::optional<Abi> OtherArchitecture(Abi native) {
  switch (native) {
    case Abi::kX86_64:
      return Abi::kAarch64;
    case Abi::kAarch64:
      return Abi::kX86_64;
    case Abi::kI386:
    case Abi::kX32:
    case Abi::kArm:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace syscarve
