#include "userspace/policy/closure.h"

#include <algorithm>

namespace syscarve {

std::map<std::string, std::vector<ClosureReason>> Close(std::span<const ClosureRule> rules,
                                                        const std::set<std::string>& seen) {
  std::map<std::string, std::vector<ClosureReason>> added;
  for (const ClosureRule& rule : rules) {
    const auto add = [&](const std::vector<std::string>& names, const std::string& because) {
      for (const std::string& name : names) {
        if (!seen.contains(name)) added[name].push_back({rule.id, because, rule.reason});
      }
    };
    add(rule.always, "");
    for (const std::vector<std::string>& family : rule.families) {
      const auto trigger =
          std::find_if(family.begin(), family.end(), [&](const std::string& name) { return seen.contains(name); });
      if (trigger != family.end()) add(family, *trigger);
    }
    for (const ClosureFallback& fallback : rule.fallbacks) {
      if (seen.contains(fallback.when)) add(fallback.add, fallback.when);
    }
  }
  return added;
}

}  // namespace syscarve
